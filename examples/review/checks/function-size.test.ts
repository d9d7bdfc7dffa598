import { describe, expect, it } from "vitest";
import { checkFunctionSize } from "./function-size.ts";
import { syntaxOf } from "./language.ts";
import { tokenize } from "./tokens.ts";

function check(text: string) {
  const syntax = syntaxOf("a.ts");
  if (syntax === undefined) throw new Error("no syntax");
  return checkFunctionSize(tokenize(text, syntax), syntax);
}

describe("checkFunctionSize", () => {
  it("is content with a short function", () => {
    expect(check("function f() {\n  a();\n}")).toEqual([]);
  });

  it("rates a long function by its lines", () => {
    const text = `function f() {\n${"  a();\n".repeat(73)}}`;
    expect(check(text)).toEqual([
      {
        check: "long function",
        severity: "warn",
        line: 1,
        text: "f has 75 lines of its own",
        excess: 1.25,
      },
    ]);
  });

  it("blocks a function that branches without measure", () => {
    const found = check(`const f = () => {\n${"if (a) b();".repeat(60)}\n};`);
    expect(found.map(({ check: name, severity, excess }) => [name, severity, excess])).toEqual([
      ["complex function", "block", 2.03],
    ]);
  });
});
