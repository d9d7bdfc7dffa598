/** What the compiler wrote for sources that are gone: it never deletes, and a package would carry them for ever. */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";

const OUTPUT = /\.(js|d\.ts)(\.map)?$/;

/** Deletes outputs without a source from a workspace. @param {string} workspace its folder */
export function removeStaleOutputs(workspace) {
  const { compilerOptions } = JSON.parse(
    readFileSync(path.join(workspace, "tsconfig.json"), "utf8"),
  );
  const outputs = path.join(workspace, compilerOptions.outDir);
  const sources = path.join(workspace, compilerOptions.rootDir);
  for (const entry of readdirSync(outputs, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (!entry.isFile() || !OUTPUT.test(entry.name)) continue;
    const source = path.join(sources, path.relative(outputs, file).replace(OUTPUT, ".ts"));
    if (!existsSync(source)) rmSync(file);
  }
}
