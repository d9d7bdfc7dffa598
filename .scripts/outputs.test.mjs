import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { removeStaleOutputs } from "./outputs.mjs";

it("outputs without a source go, everything else stays", () => {
  const workspace = mkdtempSync(path.join(tmpdir(), "agentmesh-outputs-"));
  onTestFinished(() => rmSync(workspace, { recursive: true }));
  const write = (/** @type {string} */ file, text = "") => {
    mkdirSync(path.dirname(path.join(workspace, file)), { recursive: true });
    writeFileSync(path.join(workspace, file), text);
  };
  write("tsconfig.json", JSON.stringify({ compilerOptions: { rootDir: "src", outDir: "dist" } }));
  write("src/deep/kept.ts");
  for (const name of ["kept", "gone"]) {
    for (const ending of ["js", "js.map", "d.ts", "d.ts.map"]) write(`dist/deep/${name}.${ending}`);
  }
  write("dist/.tsbuildinfo");
  removeStaleOutputs(workspace);
  expect(readdirSync(path.join(workspace, "dist")).sort()).toEqual([".tsbuildinfo", "deep"]);
  expect(readdirSync(path.join(workspace, "dist", "deep")).sort()).toEqual([
    "kept.d.ts",
    "kept.d.ts.map",
    "kept.js",
    "kept.js.map",
  ]);
});
