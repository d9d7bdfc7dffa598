import { describe, expect, it } from "vitest";
import { syntaxOf } from "./language.ts";
import { type Token, tokenize } from "./tokens.ts";

function tokensOf(text: string, path = "a.ts"): Token[] {
  const syntax = syntaxOf(path);
  if (syntax === undefined) throw new Error(`no syntax for ${path}`);
  return tokenize(text, syntax);
}

function textsOf(text: string, kind: Token["kind"], path?: string): string[] {
  return tokensOf(text, path)
    .filter((token) => token.kind === kind)
    .map((token) => token.text);
}

describe("tokenize", () => {
  it("keeps braces in strings, comments and expressions away from the punctuation", () => {
    const text = `a("{", '}', /[{]}/g); // {\n/* } */ b();`;
    expect(textsOf(text, "punctuation")).toEqual(["(", ",", ",", ")", ";", "(", ")", ";"]);
    expect(textsOf(text, "comment")).toEqual(["// {", "/* } */"]);
    expect(textsOf(text, "literal")).toEqual([`"{"`, "'}'", "/[{]}/g"]);
  });

  it("reads the code inside a template and not its text", () => {
    const text = "x = `{ $" + "{f({ a: `}$" + "{b}` })} }`;";
    expect(textsOf(text, "word")).toEqual(["x", "f", "a", "b"]);
    expect(textsOf(text, "punctuation")).toEqual(["=", "(", "{", ":", "}", ")", ";"]);
  });

  it("tells a division from a regular expression", () => {
    expect(textsOf("a / b / c", "punctuation")).toEqual(["/", "/"]);
    expect(textsOf("return /'/.test(a) ? f(1) / 2 : 0", "literal")).toEqual(["/'/", "1", "2", "0"]);
  });

  it("ends a string that is never closed with its line", () => {
    expect(textsOf("it's\nfine {", "punctuation")).toEqual(["{"]);
  });

  it("counts lines through literals and comments of several lines", () => {
    const tokens = tokensOf("/*\n*/ a `\n` b");
    expect(tokens.map((token) => [token.line, token.lastLine])).toEqual([
      [1, 2],
      [2, 2],
      [2, 3],
      [3, 3],
    ]);
  });

  it("takes a backtick of Go as raw text and a quote of Rust as a lifetime", () => {
    expect(textsOf("a := `${ {`", "punctuation", "a.go")).toEqual([":", "="]);
    expect(textsOf("fn f<'a>() {}", "punctuation", "a.rs")).toContain("{");
  });

  it("survives text that nests templates without end", () => {
    expect(() => tokensOf("`${".repeat(50_000))).not.toThrow();
  });

  it("reads hash comments", () => {
    expect(textsOf("a: 1 # why", "comment", "a.yaml")).toEqual(["# why"]);
  });
});
