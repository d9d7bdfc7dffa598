import { describe, expect, it } from "vitest";
import type { Finding, Severity } from "./findings.ts";
import type { Opinion, Reviewer } from "./messages.ts";
import { type Answered, disputesAmong, reconsidered, verdictOn } from "./settlement.ts";

function finding(severity: Severity, line = 1): Finding {
  return { check: "long function", severity, line, text: `${severity} thing`, excess: 2 };
}

function opinion(reviewer: Reviewer, ...findings: Finding[]): Opinion {
  return { reviewer, worker: "w", findings, facts: [] };
}

describe("disputesAmong", () => {
  it("sees none where the opinions are at most one step apart", () => {
    const strict = opinion("structure", finding("block"));
    expect(disputesAmong([strict, opinion("hygiene", finding("warn"))])).toEqual([]);
    expect(disputesAmong([opinion("structure", finding("note")), opinion("hygiene")])).toEqual([]);
    expect(disputesAmong([])).toEqual([]);
    expect(disputesAmong([strict])).toEqual([]);
  });

  it("asks the stricter one about what the other cannot believe, and about nothing else", () => {
    const strict = opinion("hygiene", finding("block"), finding("note"), finding("warn"));
    const mild = opinion("structure");
    const [block, , warn] = strict.findings;
    const dispute = { accuser: strict, others: [mild], disputed: [block, warn] };
    expect(disputesAmong([strict, mild])).toEqual([dispute]);
    expect(disputesAmong([mild, strict])).toEqual([dispute]);
  });

  it("asks everyone who is too far from the mildest", () => {
    const strict = opinion("structure", finding("block"));
    const between = opinion("hygiene", finding("warn"));
    const mild = opinion("documentation");
    const disputes = disputesAmong([strict, between, mild]);
    expect(disputes.map(({ accuser }) => accuser)).toEqual([strict, between]);
    expect(disputes.map(({ others }) => others)).toEqual([
      [between, mild],
      [strict, mild],
    ]);
  });
});

describe("reconsidered", () => {
  const accuser = opinion("structure", finding("block"), finding("note"), finding("warn"));
  const mild = opinion("hygiene");
  const after = (...answers: ("keep" | "soften" | "withdraw")[]): Answered[] =>
    disputesAmong([accuser, mild]).map((dispute) => ({
      ...dispute,
      answers: answers.map((answer) => ({ answer, reason: "" })),
    }));
  const severitiesAfter = (...answers: ("keep" | "soften" | "withdraw")[]) =>
    after(...answers).flatMap((answered) =>
      reconsidered(answered).findings.map(({ severity }) => severity),
    );

  it("keeps, softens and withdraws, each finding by its own answer", () => {
    expect(severitiesAfter("keep", "keep")).toEqual(["block", "note", "warn"]);
    expect(severitiesAfter("soften", "withdraw")).toEqual(["warn", "note"]);
  });

  it("lets findings stand about which there is no answer", () => {
    expect(severitiesAfter()).toEqual(["block", "note", "warn"]);
  });

  it("is in the verdict, which counts changes only", () => {
    const verdict = verdictOn("a.ts", [accuser, mild], after("withdraw", "keep"));
    expect(verdict).toMatchObject({ decision: "comment", reconsidered: 1 });
  });
});

describe("verdictOn", () => {
  const calm = opinion("documentation");
  const decisionOn = (...opinions: Opinion[]) =>
    verdictOn("a.ts", [...opinions, calm], []).decision;

  it("decides by the worst finding", () => {
    expect(decisionOn(opinion("structure"), opinion("hygiene"))).toBe("approve");
    expect(decisionOn(opinion("structure", finding("note")), opinion("hygiene"))).toBe("approve");
    expect(decisionOn(opinion("structure", finding("warn")), opinion("hygiene"))).toBe("comment");
    expect(decisionOn(opinion("structure"), opinion("hygiene", finding("block")))).toBe(
      "request changes",
    );
  });

  it("does not approve what a reviewer has not seen", () => {
    expect(verdictOn("a.ts", [opinion("structure"), calm], [])).toEqual({
      path: "a.ts",
      decision: "comment",
      opinions: [
        { reviewer: "structure", severity: "pass", findings: 0 },
        { reviewer: "hygiene", severity: undefined, findings: 0 },
        { reviewer: "documentation", severity: "pass", findings: 0 },
      ],
      reconsidered: 0,
      why: "no opinion from hygiene",
    });
  });

  it("names the finding that decided", () => {
    const all = [
      calm,
      opinion("structure", finding("note")),
      opinion("hygiene", finding("warn", 7)),
    ];
    expect(verdictOn("a.ts", all, []).why).toBe("long function, line 7: warn thing");
  });
});
