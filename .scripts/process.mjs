/** Paths of this repository and the ways to run a program in it. Imports nothing but Node: it runs before `npm ci`. */
import { spawn } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The top of the repository. */
export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

/** The programs that npm installs, started as JavaScript so that no shell is involved on any platform. */
const TOOLS = {
  biome: "@biomejs/biome/bin/biome",
  buf: "@bufbuild/buf/bin/buf",
  knip: "knip/bin/knip.js",
  tsc: "typescript/bin/tsc",
  typedoc: "typedoc/bin/typedoc",
  vitest: "vitest/vitest.mjs",
};

/**
 * @typedef {{ code: number, output: string }} Finished
 * @typedef {"stdout" | "stderr"} Output
 * @typedef {{
 *   env?: Record<string, string>, onOutput?: (text: string) => void, outputs?: readonly Output[],
 * }} CaptureOptions
 */

/** @param {string[]} relative folders and file, from the top of the repository */
export function inRoot(...relative) {
  return path.join(ROOT, ...relative);
}

/**
 * The command line of an installed program.
 * @param {keyof typeof TOOLS} name
 * @param {readonly string[]} args
 * @returns {string[]}
 */
export function tool(name, args) {
  return [process.execPath, inRoot("node_modules", ...TOOLS[name].split("/")), ...args];
}

/**
 * Runs a command without input and keeps what it writes, by default to both of its outputs.
 * @param {readonly string[]} command
 * @param {CaptureOptions} [options]
 * @returns {Promise<Finished>}
 */
export function capture([file = "", ...args], options = {}) {
  const { env = {}, onOutput, outputs = ["stdout", "stderr"] } = options;
  const child = spawn(file, args, {
    cwd: ROOT,
    env: environment(env),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const name of /** @type {const} */ (["stdout", "stderr"])) {
    child[name].setEncoding("utf8");
    child[name].on("data", (text) => {
      if (!outputs.includes(name)) return;
      output += text;
      onOutput?.(text);
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code: exitCode(code, signal), output }));
  });
}

/**
 * Runs a command on this terminal and resolves with its exit code.
 * @param {readonly string[]} command
 * @returns {Promise<number>}
 */
export function attach([file = "", ...args]) {
  const child = spawn(file, args, { cwd: ROOT, env: environment({}), stdio: "inherit" });
  const waitForChild = () => {
    // Ctrl-C reaches the whole terminal group by itself: here it only must not end us before the child.
  };
  const passOn = () => child.kill("SIGTERM");
  process.on("SIGINT", waitForChild);
  process.on("SIGTERM", passOn);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      process.off("SIGINT", waitForChild);
      process.off("SIGTERM", passOn);
      resolve(exitCode(code, signal));
    });
  });
}

/** Ends a script: prints what failed in one line, without a stack, and sets the exit code. */
export function fail(/** @type {string} */ text) {
  process.stderr.write(`${text.trimEnd()}\n`);
  process.exitCode = 1;
}

/** @param {number} startedAtMs a reading of `performance.now()` */
export function seconds(startedAtMs) {
  return `${((performance.now() - startedAtMs) / 1000).toFixed(1)} s`;
}

/**
 * buf finds the ts-proto plug-in by the search path.
 * @param {Record<string, string>} more
 */
function environment(more) {
  const searchPath = [inRoot("node_modules", ".bin"), process.env.PATH].join(path.delimiter);
  return { ...process.env, PATH: searchPath, ...more };
}

function exitCode(/** @type {number | null} */ code, /** @type {string | null} */ signal) {
  return code ?? (signal === "SIGINT" ? 130 : 143);
}
