import { describe, expect, it } from "vitest";
import { createTrace } from "./trace.ts";
import type { Sighting } from "./viewer.ts";

const REQUEST: Sighting = {
  step: "event",
  from: "coordinator",
  to: "structure",
  message: "review.requested",
  path: "src/a.ts",
  text: "12 lines",
};
const QUESTION: Sighting = {
  ...REQUEST,
  step: "question",
  from: "judge",
  message: "review.justify",
  text: "does it hold?",
};

const plain = (_: string, text: string): string => text;

function lineOf(sighting: Sighting): string | undefined {
  return createTrace(plain, 1)(sighting, 1_234);
}

describe("a line of the trace", () => {
  it.each([
    [
      REQUEST,
      "  1.23s    coordinator ⇒ structure           review.requested    src/a.ts  12 lines",
    ],
    [
      QUESTION,
      "  1.23s          judge → structure           review.justify      src/a.ts  does it hold?",
    ],
    [
      { ...QUESTION, step: "answer", from: "structure", to: "judge", message: "review.justified" },
      "  1.23s      structure → judge               review.justified    src/a.ts  does it hold?",
    ],
    [
      { ...QUESTION, step: "failure", from: "structure", to: "judge", text: "oh\nno" },
      "  1.23s      structure ✗ judge               review.justify      src/a.ts  oh·no",
    ],
  ] satisfies [Sighting, string][])("says who sent what to whom: $step", (sighting, line) => {
    expect(lineOf(sighting)).toBe(line);
  });

  it("is red where something failed", () => {
    const painted = createTrace((style, text) => `<${style}>${text}</>`, 1);
    const failed = painted({ ...QUESTION, step: "failure" }, 0);
    expect(failed).toContain("<red>✗</>");
    expect(failed).toContain("<red>does it hold?</>");
  });
});

describe("the trace of a large folder", () => {
  it("shows the first of each message, says that more come, and then nothing", () => {
    const trace = createTrace(plain, 1_000);
    const lines = Array.from({ length: 20 }, () => trace(REQUEST, 0));
    expect(lines.filter((line) => line?.includes("⇒"))).toHaveLength(6);
    expect(lines[6]?.trim()).toBe("… more review.requested: from now on counted, not shown");
    expect(lines.slice(7).every((line) => line === undefined)).toBe(true);
    expect(trace(QUESTION, 0)).toContain("→");
  });
});
