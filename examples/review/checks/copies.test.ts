import { describe, expect, it } from "vitest";
import { copyFindings, createBlockIndex, findCopies, fingerprint, remember } from "./copies.ts";

function block(name: string, lines: number): string {
  return Array.from({ length: lines }, (_, at) => `  ${name}(${at});`).join("\n");
}

function indexOf(files: Record<string, string>) {
  const index = createBlockIndex();
  for (const [path, text] of Object.entries(files)) remember(index, path, fingerprint(text));
  return index;
}

describe("copies", () => {
  it("finds a block that another file holds, whatever its indentation and comments", () => {
    const moved = block("a", 12).replaceAll("  a", "\t\ta").replace("\n", "\n\n// moved\n");
    const index = indexOf({ "one.ts": block("a", 12), "two.ts": `head();\n${moved}\nfoot();` });
    expect(findCopies(index, "two.ts")).toEqual([
      { line: 2, lines: 12, of: { path: "one.ts", line: 1 } },
    ]);
  });

  it("tells a copy at the later place only, whatever order the files came in", () => {
    const files = { "b.ts": block("a", 30), "a.ts": block("a", 30) };
    const reversed = { "a.ts": files["a.ts"], "b.ts": files["b.ts"] };
    for (const index of [indexOf(files), indexOf(reversed)]) {
      expect(findCopies(index, "a.ts")).toEqual([]);
      expect(findCopies(index, "b.ts")).toHaveLength(1);
    }
  });

  it("finds a block that a file repeats", () => {
    const index = indexOf({ "a.ts": `${block("a", 11)}\nb();\n${block("a", 11)}` });
    expect(findCopies(index, "a.ts")).toEqual([
      { line: 13, lines: 11, of: { path: "a.ts", line: 1 } },
    ]);
  });

  it("takes neither short blocks nor imports nor runs of one line for copies", () => {
    const imports = Array.from({ length: 20 }, (_, at) => `import a${at} from "a";`).join("\n");
    const short = block("a", 9);
    const run = "x();\n".repeat(50);
    const text = `${imports}\n${short}`;
    const index = indexOf({ "a.ts": text, "b.ts": text, "c.ts": run });
    expect(findCopies(index, "b.ts")).toEqual([]);
    expect(findCopies(index, "c.ts")).toEqual([]);
  });

  it("rates copies by their length", () => {
    const copies = [10, 30, 80].map((lines) => ({ line: 1, lines, of: { path: "a.ts", line: 7 } }));
    const found = copyFindings("b.ts", copies);
    expect(found.map((finding) => finding.severity)).toEqual(["note", "warn", "block"]);
    expect(found[0]?.text).toBe("10 lines as in a.ts:7");
    expect(copyFindings("a.ts", copies)[0]?.text).toBe("10 lines as in line 7");
  });
});
