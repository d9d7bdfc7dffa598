import { expect, test } from "vitest";
import { Backoff } from "./backoff.ts";

test("the first attempt is made at once, then waits double up to the most", () => {
  const backoff = new Backoff({ random: () => 1 });
  const waits = Array.from({ length: 10 }, () => backoff.next());
  expect(waits).toEqual([0, 50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
});

test("a wait is a random part of its span", () => {
  const parts = [0.5, 0, 0.25];
  const backoff = new Backoff({ random: () => parts.shift() ?? 1, firstMs: 100, mostMs: 1_000 });
  expect([0, 1, 2, 3].map(() => backoff.next())).toEqual([0, 50, 0, 100]);
});

test("only a connection that lasted makes the next attempt a first one", () => {
  const backoff = new Backoff({ random: () => 1, minUptimeMs: 1_000 });
  backoff.next();
  backoff.next();
  backoff.lasted(999);
  expect(backoff.next()).toBe(100);
  backoff.lasted(1_000);
  expect([backoff.next(), backoff.next()]).toEqual([0, 50]);
});

test("does not overflow, however long nothing works", () => {
  const backoff = new Backoff({ random: () => 1 });
  for (let attempt = 0; attempt < 5_000; attempt++) backoff.next();
  expect(backoff.next()).toBe(5_000);
});

test("a bound keeps waits short, and the span with them", () => {
  const backoff = new Backoff({ random: () => 1 });
  const bounded = Array.from({ length: 6 }, () => backoff.next(150));
  expect(bounded).toEqual([0, 50, 100, 150, 150, 150]);
  expect([backoff.next(), backoff.next()]).toEqual([300, 600]);
});
