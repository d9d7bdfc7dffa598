/**
 * Makes a clone ready to run: packages as package-lock.json says, then compiled sources. Both are quick and silent when
 * nothing changed, so every script that needs them simply calls `setUp`. Imports nothing but Node: it runs before `npm ci`.
 */
import { existsSync, readFileSync } from "node:fs";
import { capture, fail, inRoot, seconds, tool } from "./process.mjs";

const LEAST_NODE = [20, 19];
/** The lines of `tsc -b --verbose` that are no diagnostics. */
const PROGRESS_LINE = /^(\d{1,2}:\d{2}:\d{2}\s[AP]M - |\s+\* ).*$/gm;

/** @typedef {{ version?: string, integrity?: string, optional?: boolean, link?: boolean }} LockedPackage */

/**
 * Installs and compiles what is needed. Says what went wrong and resolves to false when that failed.
 * @returns {Promise<boolean>}
 */
export async function setUp() {
  return nodeIsRecent() && (await installPackages()) && (await buildSources());
}

/** Installs what package-lock.json asks for unless it is there. */
export async function installPackages() {
  const record = inRoot("node_modules", ".package-lock.json");
  const wanted = readPackages(inRoot("package-lock.json"));
  if (existsSync(record) && isInstalled(wanted, readPackages(record))) return true;
  const npm = npmCommand(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
  return report("set-up: installing packages", () => capture(npm));
}

/** Compiles every workspace that changed. */
export async function buildSources() {
  const startedAt = performance.now();
  let compiled = false;
  const onOutput = (/** @type {string} */ text) => {
    if (compiled || !text.includes("Building project")) return;
    compiled = true;
    process.stdout.write("set-up: compiling … ");
  };
  const { code, output } = await capture(tool("tsc", ["-b", "--verbose"]), { onOutput });
  if (compiled) process.stdout.write(code === 0 ? `${seconds(startedAt)}\n` : "failed\n");
  if (code !== 0) fail(diagnostics(output));
  return code === 0;
}

/** What the compiler had to say, without its progress. */
export function diagnostics(/** @type {string} */ output) {
  return output
    .replaceAll("\r", "")
    .replace(PROGRESS_LINE, "")
    .replace(/\n{2,}/g, "\n")
    .trim();
}

function nodeIsRecent() {
  const { node } = process.versions;
  if (isRecent(node)) return true;
  fail(`AgentMesh needs Node ${LEAST_NODE.join(".")} or later; this is ${node}`);
  return false;
}

/** Whether this version of Node, `20.19.0` and the like, is one that AgentMesh runs on. */
export function isRecent(/** @type {string} */ version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [leastMajor = 0, leastMinor = 0] = LEAST_NODE;
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}

/**
 * Whether npm has installed what the lockfile asks for. npm records what it installed in
 * node_modules/.package-lock.json, as the last thing that it does. That record is the stamp: after `npm install` of a
 * developer there is nothing to do again, after an interrupted one there is.
 * @param {Record<string, LockedPackage>} wanted
 * @param {Record<string, LockedPackage>} installed
 */
export function isInstalled(wanted, installed) {
  return Object.entries(wanted).every(([place, { version, integrity, optional }]) => {
    const found = installed[place];
    if (place === "") return true;
    if (!found) return optional === true;
    return found.version === version && found.integrity === integrity;
  });
}

/** @returns {Record<string, LockedPackage>} */
function readPackages(/** @type {string} */ file) {
  return JSON.parse(readFileSync(file, "utf8")).packages ?? {};
}

/** The npm that runs this script, else the one on the search path. */
export function npmCommand(/** @type {string[]} */ args) {
  const running = process.env.npm_execpath;
  if (running?.endsWith(".js")) return [process.execPath, running, ...args];
  return ["npm", ...args];
}

/**
 * @param {string} title
 * @param {() => Promise<import("./process.mjs").Finished>} run
 */
async function report(title, run) {
  const startedAt = performance.now();
  process.stdout.write(`${title} … `);
  const { code, output } = await run();
  process.stdout.write(code === 0 ? `${seconds(startedAt)}\n` : "failed\n");
  if (code !== 0) fail(output);
  return code === 0;
}
