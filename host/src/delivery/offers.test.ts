import { expect, test } from "vitest";
import type { Agent } from "./agent.ts";
import { Offers } from "./offers.ts";

const AGENT = {} as Agent;

test("nothing is shipped before the store knows that it may have been", () => {
  const offers = new Offers(4, 10);
  expect([offers.admits(4, AGENT), offers.admits(5, AGENT)]).toEqual([true, false]);
  const mark = offers.next(10, true);
  expect(offers.admits(5, AGENT)).toBe(false);
  expect(offers.stored(mark)).toEqual([AGENT]);
  expect(offers.admits(5, AGENT)).toBe(true);
  expect(mark).toBeGreaterThan(10);
});

test("without workers the mark goes back to what was shipped, and nothing is shipped beyond it meanwhile", () => {
  const offers = new Offers(0, 0);
  offers.stored(offers.next(100, true));
  offers.shipped(7);
  expect(offers.next(100, false)).toBe(7);
  expect([offers.admits(7, AGENT), offers.admits(8, AGENT)]).toEqual([true, false]);
});

test("who waits makes the mark go ahead, even when the workers seem to be gone", () => {
  const offers = new Offers(0, 0);
  expect(offers.admits(1, AGENT)).toBe(false);
  expect(offers.next(1, false)).toBeGreaterThanOrEqual(1);
});

test("one write is asked for as long as it reaches what waits", () => {
  const offers = new Offers(0, 0);
  expect(offers.isBeyond(1)).toBe(true);
  const mark = offers.next(1, true);
  expect([offers.isBeyond(mark), offers.isBeyond(mark + 1)]).toEqual([false, true]);
});

test("an earlier host can have shipped no event that it did not have", () => {
  const offers = new Offers(1_000, 10);
  expect([offers.mayRepeat(10), offers.mayRepeat(11)]).toEqual([true, false]);
});
