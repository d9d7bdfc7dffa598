/**
 * `npm run generate`: writes from the .proto files what is committed of them: the protocol's TypeScript and the descriptors
 * that reflection serves, and the TypeScript of the examples' messages.
 */
import path from "node:path";
import { fileURLToPath } from "node:url";
import { capture, fail, ROOT, tool } from "./process.mjs";
import { installPackages } from "./setup.mjs";

/** Where the generated files are, below the top of the repository or a copy of it. */
export const GENERATED = [
  path.join("proto", "gen"),
  path.join("examples", "typescript-worker", "gen"),
];
const TEMPLATES = ["buf.gen.yaml", path.join("examples", "buf.gen.yaml")];
const DESCRIPTORS = path.join("proto", "gen", "descriptors.binpb");

/**
 * Generates below another top than the repository's, so that both can be compared.
 * @param {string} top
 * @returns {Promise<import("./process.mjs").Finished>}
 */
export async function generate(top) {
  for (const template of TEMPLATES) {
    const types = await capture(tool("buf", ["generate", "--template", template, "--output", top]));
    if (types.code !== 0) return types;
  }
  const descriptors = path.join(top, DESCRIPTORS);
  // Without comments and positions the file changes only when the schema does.
  const form = ["--as-file-descriptor-set", "--exclude-source-info"];
  return capture(tool("buf", ["build", "proto", ...form, "--output", descriptors]));
}

if (process.argv[1] === fileURLToPath(import.meta.url) && (await installPackages())) {
  const { code, output } = await generate(ROOT);
  if (code !== 0) fail(output);
}
