/** Programs of the system that some tests need. */
import { spawnSync } from "node:child_process";
import { test } from "vitest";

/** A program, and how to see whether it works. */
export interface Tool {
  readonly program: string;
  /** Arguments with which it ends well where it works. */
  readonly args: readonly string[];
  /** What to do where it does not. */
  readonly remedy: string;
}

/** `test` where the tool works. Elsewhere a newcomer is told that the tests are skipped and why. */
export function testWith(tool: Tool): typeof test {
  return isUsable(tool) ? test : (test.runIf(false) as typeof test);
}

/**
 * Whether what needs the tool is to run, with a warning when it is not. CI installs what it needs, so there everything
 * runs, and fails without it.
 */
export function isUsable({ program, args, remedy }: Tool): boolean {
  if (process.env.CI !== undefined || spawnSync(program, args).status === 0) return true;
  console.warn(`SKIPPED, because ${program} ${args.join(" ")} does not work here: ${remedy}`);
  return false;
}

/** Writes down what a process asks of the system, and answers in its place. */
export const STRACE: Tool = {
  program: "strace",
  args: ["-o", "/dev/null", "true"],
  remedy: "install it, for example by `apt-get install strace`; there is none outside of Linux",
};
