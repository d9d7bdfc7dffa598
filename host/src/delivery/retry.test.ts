import { expect, test } from "vitest";
import { retryDelay } from "./retry.ts";

const TERMS = { maxAttempts: 5, backoffMs: 200, maxRetryMs: 1_000, retentionMs: 60_000 };
const failed = (failures: number) => ({ failures, permanent: false, ageMs: 0 });

test("waits double from attempt to attempt, up to the longest, and end with the last attempt", () => {
  const delays = [1, 2, 3, 4, 5].map((failures) => retryDelay(TERMS, failed(failures)));
  expect(delays).toEqual([200, 400, 800, 1_000, undefined]);
});

test("what no attempt can cure is given up at once", () => {
  expect(retryDelay(TERMS, { ...failed(1), permanent: true })).toBeUndefined();
});

test("what was kept for as long as it may be is given up", () => {
  expect(retryDelay(TERMS, { ...failed(1), ageMs: 60_000 })).toBeUndefined();
  expect(retryDelay(TERMS, { ...failed(1), ageMs: 59_999 })).toBe(200);
});
