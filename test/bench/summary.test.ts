import { expect, test } from "vitest";
import { ROWS } from "./rows.ts";
import type { Side } from "./schedule.ts";
import { judge, medianOf, summarize } from "./summary.ts";

test("the median is the middle, or the mean of the two in the middle", () => {
  expect(medianOf([3, 1, 2])).toBe(2);
  expect(medianOf([4, 1, 3, 2])).toBe(2.5);
  expect(() => medianOf([])).toThrow(RangeError);
});

test("more is better for a rate, less for a latency", () => {
  const rate = { metric: "rate", demand: { of: "ratio", must: 2, aim: 5 } } as const;
  expect([1.99, 2, 4.99, 5].map((ratio) => judge(rate, 1, ratio))).toEqual([
    "MISSED must",
    "ok",
    "ok",
    "aim reached",
  ]);
  const latency = { metric: "latency", demand: { of: "ratio", must: 1.2, aim: 0.9 } } as const;
  expect([1.21, 1.2, 0.91, 0.9].map((ratio) => judge(latency, 1, ratio))).toEqual([
    "MISSED must",
    "ok",
    "ok",
    "aim reached",
  ]);
  expect(judge(rate, 1, null)).toBe("not compared");
});

test("a demand may be about our figure alone, or there may be none", () => {
  const memory = {
    metric: "peak-memory",
    demand: { of: "figure", must: 500, aim: undefined },
  } as const;
  expect([501, 500].map((figure) => judge(memory, figure, null))).toEqual(["MISSED must", "ok"]);
  expect(judge(memory, null, null)).toBe("not compared");
  const told = { metric: "rate", demand: undefined } as const;
  expect([judge(told, 7, null), judge(told, null, null)]).toEqual(["told", "not compared"]);
});

test("a row has medians, spread and their ratio, or says why not", () => {
  const [row] = ROWS;
  if (row === undefined) throw new Error("no rows");
  const ours: Side = { kind: "measured", values: [110, 90, 100] };
  const compared = summarize({ row, ours, peer: { kind: "measured", values: [200] } });
  expect(compared.ours).toEqual({ median: 100, min: 90, max: 110 });
  expect(compared).toMatchObject({
    ratio: 0.5,
    verdict: "aim reached",
    notices: [],
    failed: false,
  });

  const skipped = summarize({ row, ours, peer: { kind: "absent", reason: "not installed" } });
  expect(skipped).toMatchObject({ peer: null, ratio: null, failed: false });
  expect(skipped.notices).toEqual(["NATS skipped: not installed"]);

  const failed = summarize({ row, ours, peer: { kind: "failed", reason: "it ended" } });
  expect(failed).toMatchObject({ verdict: "not compared", failed: true });
});
