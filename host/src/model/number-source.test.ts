import type { Clock } from "@agentmesh/proto";
import { expect, test } from "vitest";
import { NumberSource } from "./number-source.ts";

function clockAt(unixMs: number): Clock {
  return { now: () => 0, unixMs: () => unixMs, after: () => ({ cancel: () => {} }) };
}

test("numbers only grow", () => {
  const numbers = new NumberSource(clockAt(1_000));
  const given = Array.from({ length: 1_000 }, () => numbers.next());
  expect(given).toEqual(given.toSorted((one, other) => one - other));
  expect(new Set(given).size).toBe(1_000);
  expect(numbers.last).toBe(given.at(-1));
});

test("a later start begins above everything that an earlier one gave out, unless that gave out 1 024 per millisecond", () => {
  const earlier = new NumberSource(clockAt(1_000));
  for (let count = 0; count < 1_023; count++) earlier.next();
  expect(new NumberSource(clockAt(1_001)).next()).toBeGreaterThan(earlier.last);
});

test("a mark that was stored wins over a clock that went back", () => {
  const numbers = new NumberSource(clockAt(1_000), 5_000_000);
  expect(numbers.next()).toBe(5_000_001);
});

test("numbers are safe integers for two hundred years", () => {
  const in200Years = Date.UTC(2226, 0, 1);
  const numbers = new NumberSource(clockAt(in200Years));
  expect(Number.isSafeInteger(numbers.next())).toBe(true);
});
