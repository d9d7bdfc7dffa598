import { describe, expect, it } from "vitest";
import type { Verdict } from "./messages.ts";
import { verdictTable } from "./table.ts";

function verdict(path: string, over: Partial<Verdict> = {}): Verdict {
  return {
    path,
    decision: "approve",
    opinions: [
      { reviewer: "structure", severity: "pass", findings: 0 },
      { reviewer: "hygiene", severity: "note", findings: 2 },
    ],
    reconsidered: 0,
    why: "",
    ...over,
  };
}

describe("verdictTable", () => {
  it("puts first what asks for something and aligns the columns", () => {
    const lines = verdictTable(
      [
        verdict("a.ts"),
        verdict("long/name.ts", { decision: "request changes", why: "secret, line 1: AKIA…" }),
        verdict("b.ts", { why: "no opinion from hygiene", decision: "comment" }),
      ],
      (_, text) => text,
    );
    expect(lines).toEqual([
      "verdict          file          structure  hygiene   why",
      "request changes  long/name.ts  pass       note (2)  secret, line 1: AKIA…",
      "comment          b.ts          pass       note (2)  no opinion from hygiene",
      "approve          a.ts          pass       note (2)",
    ]);
  });

  it("counts what does not fit", () => {
    const verdicts = Array.from({ length: 50 }, (_, at) => verdict(`${at}.ts`));
    const lines = verdictTable(verdicts, (_, text) => text);
    expect(lines).toHaveLength(32);
    expect(lines.at(-1)).toBe("… and 20 approve more");
  });
});
