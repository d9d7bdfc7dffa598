/**
 * `npm start`, `npm run bench` and `npm run fault`: sets up, then becomes the compiled program that is named, with the arguments that
 * follow. It runs in this process, so that Ctrl-C, signals and the exit code are its own.
 */
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { fail, inRoot } from "./process.mjs";
import { setUp } from "./setup.mjs";

const [program = "", ...args] = process.argv.slice(2);

if (await setUp()) {
  const entry = inRoot(...program.split("/"));
  if (existsSync(entry)) {
    // npm has moved to the top of the repository; what the user types means where the user is.
    process.chdir(process.env.INIT_CWD ?? process.cwd());
    process.argv.splice(1, process.argv.length, entry, ...args);
    await import(pathToFileURL(entry).href);
  } else {
    fail(
      `${program} does not exist: its source is not written yet, or it was deleted after the build`,
    );
  }
}
