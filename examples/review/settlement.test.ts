import { describe, expect, it } from "vitest";
import type { Finding, Severity } from "./findings.ts";
import type { Opinion, Reviewer } from "./messages.ts";
import { changedBy, disputeAmong, reconsidered, verdictOn } from "./settlement.ts";

function finding(severity: Severity, line = 1): Finding {
  return { check: "long function", severity, line, text: `${severity} thing`, excess: 2 };
}

function opinion(reviewer: Reviewer, ...findings: Finding[]): Opinion {
  return { reviewer, worker: "w", findings, facts: [] };
}

describe("disputeAmong", () => {
  it("sees none where the opinions are at most one step apart", () => {
    const strict = opinion("structure", finding("block"));
    expect(disputeAmong([strict, opinion("hygiene", finding("warn"))])).toBeUndefined();
    expect(
      disputeAmong([opinion("structure", finding("note")), opinion("hygiene")]),
    ).toBeUndefined();
    expect(disputeAmong([])).toBeUndefined();
    expect(disputeAmong([strict])).toBeUndefined();
  });

  it("asks the stricter one about what the other cannot believe, and about nothing else", () => {
    const strict = opinion("hygiene", finding("block"), finding("note"), finding("warn"));
    const mild = opinion("structure");
    for (const opinions of [
      [strict, mild],
      [mild, strict],
    ]) {
      const dispute = disputeAmong(opinions);
      expect(dispute?.accuser).toBe(strict);
      expect(dispute?.other).toBe(mild);
      expect(dispute?.disputed.map(({ severity }) => severity)).toEqual(["block", "warn"]);
    }
  });
});

describe("reconsidered", () => {
  const accuser = opinion("structure", finding("block"), finding("note"), finding("warn"));
  const dispute = disputeAmong([accuser, opinion("hygiene")]);
  const severitiesAfter = (...answers: ("keep" | "soften" | "withdraw")[]) =>
    dispute &&
    reconsidered(
      dispute,
      answers.map((answer) => ({ answer, reason: "" })),
    ).findings.map(({ severity }) => severity);

  it("keeps, softens and withdraws, each finding by its own answer", () => {
    expect(severitiesAfter("keep", "keep")).toEqual(["block", "note", "warn"]);
    expect(severitiesAfter("soften", "withdraw")).toEqual(["warn", "note"]);
  });

  it("lets findings stand about which there is no answer", () => {
    expect(severitiesAfter()).toEqual(["block", "note", "warn"]);
  });

  it("counts changes only", () => {
    expect(
      changedBy([
        { answer: "keep", reason: "" },
        { answer: "soften", reason: "" },
      ]),
    ).toBe(1);
  });
});

describe("verdictOn", () => {
  const decisionOn = (...opinions: Opinion[]) => verdictOn("a.ts", opinions, 0).decision;

  it("decides by the worst finding", () => {
    expect(decisionOn(opinion("structure"), opinion("hygiene"))).toBe("approve");
    expect(decisionOn(opinion("structure", finding("note")), opinion("hygiene"))).toBe("approve");
    expect(decisionOn(opinion("structure", finding("warn")), opinion("hygiene"))).toBe("comment");
    expect(decisionOn(opinion("structure"), opinion("hygiene", finding("block")))).toBe(
      "request changes",
    );
  });

  it("does not approve what a reviewer has not seen", () => {
    expect(verdictOn("a.ts", [opinion("structure")], 0)).toEqual({
      path: "a.ts",
      decision: "comment",
      opinions: [
        { reviewer: "structure", severity: "pass", findings: 0 },
        { reviewer: "hygiene", severity: undefined, findings: 0 },
      ],
      reconsidered: 0,
      why: "no opinion from hygiene",
    });
  });

  it("names the finding that decided", () => {
    const both = [opinion("structure", finding("note")), opinion("hygiene", finding("warn", 7))];
    expect(verdictOn("a.ts", both, 0).why).toBe("long function, line 7: warn thing");
  });
});
