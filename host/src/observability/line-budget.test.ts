import { expect, test } from "vitest";
import { LineBudget } from "./line-budget.ts";

test("lets so many lines through in a second, and the next one tells how many were left out", () => {
  const budget = new LineBudget(2);
  expect([0, 10, 20, 30].map((now) => budget.take(now))).toEqual([0, 0, undefined, undefined]);
  expect([1_000, 1_001, 1_002].map((now) => budget.take(now))).toEqual([2, 0, undefined]);
});
