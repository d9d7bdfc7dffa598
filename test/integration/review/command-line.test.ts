/** What a user types, and what comes of it. */
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { startModule } from "../../support/processes.ts";
import { folderWith, START_MS, startReview } from "./program.ts";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");
const LAUNCHER = new URL("../../../.scripts/launch.mjs", import.meta.url);
const isTitle = (line: string): boolean => line.startsWith("review of ");

test.each([
  ["a folder that does not exist", ["/no/such/folder"], "/no/such/folder"],
  ["a flag that does not exist", ["--exot"], "--exot"],
  ["two folders", ["one", "two"], "one"],
  ["no number of workers", ["--workers", "many"], "many"],
])("%s is told in one line", async (_, args, named) => {
  const running = startReview([...args, "--exit"]);
  const { code } = await running.ended;
  expect(code).toBe(2);
  expect(running.out.entries).toEqual([]);
  expect(running.err.entries).toEqual([expect.stringContaining(named)]);
});

test("without a folder it reads this repository", async () => {
  const running = startReview(["--local"]);
  const title = await running.out.first(isTitle, "its title", { limitMs: START_MS });
  expect(title).toBe(`review of ${ROOT}`);
});

test("npm start needs no set-up when nothing has changed, and reads the folder where the user is", async () => {
  const outside = await folderWith({ "inside/a.ts": "export const a = 1;\n" });
  // npm starts its scripts at the top of the repository, and tells them where it was itself.
  const env = { INIT_CWD: outside };
  const args = ["examples/dist/review/main.js", "./inside", "--exit", "--local"];
  const running = startModule("npm start", LAUNCHER, args, { env });
  expect(await running.finished(START_MS), running.lastWords).toEqual({ code: 0, signal: null });
  expect(running.out.entries[0]).toBe(`review of ${path.join(outside, "inside")}`);
});
