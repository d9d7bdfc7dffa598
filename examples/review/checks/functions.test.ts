import { describe, expect, it } from "vitest";
import { measureFunctions } from "./functions.ts";
import { syntaxOf } from "./language.ts";
import { tokenize } from "./tokens.ts";

function measure(text: string, path = "a.ts") {
  const syntax = syntaxOf(path);
  if (syntax === undefined) throw new Error(`no syntax for ${path}`);
  return measureFunctions(tokenize(text, syntax), syntax);
}

function namesOf(text: string, path?: string): string[] {
  return measure(text, path).map((one) => one.name);
}

describe("measureFunctions", () => {
  it("measures lines of code without blank lines and comments", () => {
    const text = "function f() {\n\n  // why\n  return `a\n  b`;\n}";
    expect(measure(text)).toEqual([{ name: "f", line: 1, lines: 4, paths: 1 }]);
  });

  it("counts branches and leaves optional marks and method names alone", () => {
    const text = `function f(a?: string, b?: number): x is T {
      if (a && b) for (const c of d ?? e) g(c?.h);
      return promise.catch(() => (a ? 1 : 2), { for: 1 });
    }`;
    expect(measure(text)[0]?.paths).toBe(1 + ["if", "&&", "for", "??", "?"].length);
  });

  it("counts a function inside another one for itself only", () => {
    const text = "function outer() {\n  const inner = () => {\n    if (a) b();\n  };\n  c();\n}";
    expect(measure(text)).toEqual([
      { name: "inner", line: 2, lines: 3, paths: 2 },
      { name: "outer", line: 1, lines: 5, paths: 1 },
    ]);
  });

  it("finds functions whose return type has braces of its own", () => {
    expect(namesOf("function f(): Promise<{ a: { b: number } }[]> { g(); }")).toEqual(["f"]);
    expect(namesOf("class A { m(): { a: string } { return b; } get n() { return 1; } }")).toEqual([
      "m",
      "n",
    ]);
  });

  it("names functions after what they are assigned to", () => {
    expect(namesOf("const f: Handler<A> = async (a) => { b(); };")).toEqual(["f"]);
    expect(namesOf("const o = { m: (a) => { b(); }, n: function () {}, p<T>(a: T) {} };")).toEqual([
      "m",
      "n",
      "p",
    ]);
    expect(namesOf("on(x => { y(); })")).toEqual(["anonymous function"]);
  });

  it("takes no condition, class, type or literal for a function", () => {
    const text = `
      interface A { m(a: string): { b: string }; n(): void }
      class B extends mixin(C) {}
      if (a) { } else if (b) { } for (;;) { } while (c) { } switch (d) { case e(f): { } }
      for await (const g of h) { }
      const i = j(k) ? { l: 1 } : { m: 2 };
      try { n(o) } catch (p) { } finally { }
      q({ r: s(t), u: { v: 1 } });
    `;
    expect(namesOf(text)).toEqual([]);
  });

  it("reads Go: methods, literals, no parentheses around conditions", () => {
    const text = `
      type Handler func(a int) error
      func (r *Router) Route(m interface{}, s struct{}) (a int, err error) {
        if r.ready(m) { return 1, nil }
        go func() { r.run() }()
        switch x := m.(type) { case int: }
      }`;
    expect(measure(text, "a.go").map(({ name, paths }) => [name, paths])).toEqual([
      ["anonymous function", 1],
      ["Route", 3],
    ]);
  });

  it("reads Rust and Java", () => {
    const rust = "impl A { fn f<'a>(g: fn(u8) -> u8) -> Vec<u8> where T: B { if x { } } }";
    expect(namesOf(rust, "a.rs")).toEqual(["f"]);
    const java = "class A { int f(int a) throws B, C { if (a) { } return new D(a) { }; } }";
    expect(namesOf(java, "a.java")).toEqual(["f"]);
  });

  it("finds nothing in languages without braces", () => {
    expect(namesOf("def f():\n  return {}", "a.py")).toEqual([]);
  });
});
