import { describe, expect, it } from "vitest";
import { checkLinks, localLinks } from "./links.ts";

const pathsIn = (text: string, from = "docs/guide.md") =>
  localLinks(from, text).map(({ path }) => path);

describe("localLinks", () => {
  it("resolves what stands beside the file", () => {
    expect(pathsIn("[a](a.md) and [b](../src/b.ts) ![c](./img/c.png)")).toEqual([
      "docs/a.md",
      "src/b.ts",
      "docs/img/c.png",
    ]);
    expect(pathsIn('[a](a.md#part "Title") [b](b.md?raw) [c](<with space.md>)')).toEqual([
      "docs/a.md",
      "docs/b.md",
      "docs/with space.md",
    ]);
    expect(pathsIn("[a]: a%20b.md\n[folder](../src/)")).toEqual(["docs/a b.md", "src"]);
    expect(pathsIn("[odd](100%.md)")).toEqual(["docs/100%.md"]);
    expect(pathsIn("[up](../../x.md)")).toEqual(["../x.md"]);
  });

  it("leaves alone what leads elsewhere, and what is code", () => {
    expect(pathsIn("[a](https://a.example/b.md) [b](mailto:b@c.example) [c](/root.md)")).toEqual(
      [],
    );
    expect(pathsIn("`[a](a.md)` and ``[`b`](b.md)``".slice(0, 11))).toEqual([]);
    expect(pathsIn("```md\n[a](a.md)\n```\n~~~\n[b](b.md)\n~~~\n[c](c.md)")).toEqual(["docs/c.md"]);
  });
});

describe("checkLinks", () => {
  const problems = (text: string, ...missing: string[]) =>
    checkLinks(text, localLinks("a.md", text), new Set(missing)).map(
      ({ severity, line, text: told }) => [severity, line, told],
    );

  it("warns of what is not there", () => {
    const text = "# A\n\n[b](b.md) [c](c.md#x)";
    expect(problems(text, "c.md")).toEqual([["warn", 3, "c.md#x is not there"]]);
    expect(problems(text)).toEqual([]);
  });

  it("knows the headings of the file by the names that they get", () => {
    const headings =
      "# The `agentmesh` host, & more\n\n## Same\n\n## Same\n\nOld\n---\n\n## [Linked](x)\n";
    const anchors = '<a id="Here"></a>\n## Named {#own}\n';
    const good = "[1](#the-agentmesh-host--more) [2](#same) [3](#same-1) [4](#old) [5](#linked)";
    expect(problems(`${headings}${anchors}${good} [6](#here) [7](#own) [8](#top)`)).toEqual([]);
    expect(problems(`${headings}[x](#other)`)).toEqual([
      ["note", 11, "no heading is called #other"],
    ]);
    expect(problems("```\n# A comment\n```\n[x](#a-comment)")).toHaveLength(1);
  });
});
