/** `npm run docs`: a site of the public API in dist/docs. */
import { attach, tool } from "./process.mjs";
import { setUp } from "./setup.mjs";

process.exitCode = (await setUp()) ? await attach(tool("typedoc", [])) : 1;
