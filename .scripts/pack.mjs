/**
 * `npm run pack -- [folder]`: the packages as they would be published, one tarball each, and `packages.json` beside them,
 * which says what is inside. Default folder: dist/packages.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { PACKAGES } from "./doors.mjs";
import { removeStaleOutputs } from "./outputs.mjs";
import { capture, fail, inRoot } from "./process.mjs";
import { npmCommand, setUp } from "./setup.mjs";

const [folder = inRoot("dist", "packages")] = process.argv.slice(2);

// Tests compile first and only once.
if (process.env.AGENTMESH_BUILT === "1" || (await setUp())) await pack(path.resolve(folder));

async function pack(/** @type {string} */ destination) {
  for (const name of PACKAGES) removeStaleOutputs(inRoot(name));
  rmSync(destination, { recursive: true, force: true });
  mkdirSync(destination, { recursive: true });
  const workspaces = PACKAGES.map((name) => `--workspace=${name}`);
  const flags = ["--json", "--ignore-scripts", "--loglevel=error", "--pack-destination"];
  const { code, output } = await capture(
    npmCommand(["pack", ...workspaces, ...flags, destination]),
    { outputs: ["stdout"] },
  );
  if (code !== 0) return fail(output);
  writeFileSync(path.join(destination, "packages.json"), output);
}
