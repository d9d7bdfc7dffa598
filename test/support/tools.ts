/** Programs of the system that some tests need. */
import { spawnSync } from "node:child_process";
import { test } from "vitest";

/**
 * `test` where the program answers `args`. Elsewhere a newcomer is told that the tests are skipped and why; CI installs
 * what it needs, so there they run, and fail without it.
 */
export function testWith(program: string, args: readonly string[], remedy: string): typeof test {
  if (process.env.CI !== undefined || spawnSync(program, args).status === 0) return test;
  console.warn(`SKIPPED, because ${program} ${args.join(" ")} does not work here: ${remedy}`);
  return test.runIf(false) as typeof test;
}
