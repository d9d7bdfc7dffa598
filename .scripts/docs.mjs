/** `npm run docs`: a site of the public API in dist/docs. */
import { fileURLToPath } from "node:url";
import { publicDoors } from "./doors.mjs";
import { attach, tool } from "./process.mjs";
import { setUp } from "./setup.mjs";

/** The command that makes the site, or with `--emit none` only looks whether it could. @returns {string[]} */
export function siteCommand(/** @type {readonly string[]} */ ...args) {
  return tool("typedoc", [...args, ...publicDoors().map(({ source }) => source)]);
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  process.exitCode = (await setUp()) ? await attach(siteCommand()) : 1;
