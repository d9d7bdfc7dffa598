/** Set-up of the projects whose tests start processes: those run the compiled sources, so dist must be fresh. */
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..", "..");
const COMPILER = path.join(
  path.dirname(createRequire(import.meta.url).resolve("typescript/package.json")),
  "bin",
  "tsc",
);

/** Compiles once before the first test, and again before each repetition in watch mode. */
export async function setup(project: TestProject): Promise<void> {
  project.onTestsRerun(compile);
  // Set by `npm test`, which has compiled, and here: every project loads a copy of this module of its own.
  if (process.env.AGENTMESH_BUILT === "1") return;
  await compile();
  process.env.AGENTMESH_BUILT = "1";
}

async function compile(): Promise<void> {
  try {
    await promisify(execFile)(process.execPath, [COMPILER, "-b"], { cwd: ROOT });
  } catch (failure) {
    const output = failure instanceof Error && "stdout" in failure ? failure.stdout : failure;
    throw new Error(`tsc -b failed, so there is nothing to start:\n${output}`);
  }
}
