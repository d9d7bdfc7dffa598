import { describe, expect, it } from "vitest";
import { checkExports } from "./exports.ts";
import { syntaxOf } from "./language.ts";
import { tokenize } from "./tokens.ts";

function found(text: string, path = "a.ts") {
  const syntax = syntaxOf(path);
  if (syntax === undefined) throw new Error(`no syntax for ${path}`);
  return checkExports(tokenize(text, syntax), syntax);
}

const textsOf = (text: string, path?: string) => found(text, path).map((finding) => finding.text);

describe("checkExports", () => {
  it.each([
    "export function a() {}",
    "export async function a() {}",
    "export function* a() {}",
    "export default function a() {}",
    "export abstract class a {}",
    "export declare const a: number;",
    "export const enum a {}",
    "export type a = string;",
    "// far away\n\nexport const a = 1;",
    "b(); // beside\n\nexport const a = 1;",
  ])("misses a word on %s", (text) => {
    expect(textsOf(text)).toEqual(["nothing explains a"]);
  });

  it.each([
    "/** A. */\nexport const a = 1;",
    "// A.\nexport function a() {}",
    "/** A. */\nexport const a = z.object({});\nexport type a = z.infer<typeof a>;",
    "// These.\nexport const a = 1;\nexport const b = 2;",
    "export { a } from './a.js';",
    "export * from './a.js';",
    "export default a;",
    "const a = 1;",
    "const text = `export const a = 1`;",
    "function outer() { inner.export = 1; }",
  ])("is content with %s", (text) => expect(textsOf(text)).toEqual([]));

  it("makes one finding of all, at the first, worse when there are many", () => {
    const names = Array.from({ length: 12 }, (_, at) => `export const name${at} = 1;\n\n`);
    expect(found(`b();\n\n${names.slice(0, 3).join("")}`)).toEqual([
      {
        check: "undocumented exports",
        severity: "note",
        line: 3,
        text: "nothing explains name0, name1, name2",
        excess: 1,
      },
    ]);
    const [many] = found(names.join(""));
    expect(many?.severity).toBe("warn");
    expect(many?.text).toBe("nothing explains name0, name1, name2, name3, …");
  });

  it("knows what Go offers to others", () => {
    const text = "package a\n\nfunc (s *Server) Serve() {}\n\n// Stop ends it.\nfunc Stop() {}\n\n";
    expect(textsOf(`${text}type hidden struct{}\n`, "a.go")).toEqual(["nothing explains Serve"]);
  });

  it("says nothing about languages whose exports it cannot see", () => {
    expect(found("def a():\n  pass\n", "a.py")).toEqual([]);
  });
});
