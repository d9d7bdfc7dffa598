import { FakeClock } from "@agentmesh/proto/testing";
import { expect, test } from "vitest";
import { IdleList, type Idler } from "./idle-list.ts";

const idler = (number: number): Idler => ({
  number,
  idleSince: 0,
  idleNext: undefined,
  idlePrevious: undefined,
});

test("offers in slices, longest idle first, never too early and little too late", () => {
  const clock = new FakeClock();
  const offers: { atMs: number; numbers: readonly number[] }[] = [];
  const list = new IdleList(clock, 800, (numbers) => offers.push({ atMs: clock.now(), numbers }));
  const first = Array.from({ length: 1_500 }, (_, index) => idler(index));
  for (const one of first) list.add(one);
  clock.advance(450);
  const late = idler(9_999);
  list.add(late);
  list.remove(first[0] ?? late);
  clock.advance(440);
  expect(offers).toEqual([]);
  clock.advance(60);
  expect(offers.map(({ numbers }) => numbers.length)).toEqual([1_000, 499]);
  expect(offers[0]?.numbers[0]).toBe(1);
  clock.advance(350);
  expect(offers[2]).toEqual({ atMs: 1_300, numbers: [9_999] });
});

test("its timer runs only while somebody is idle, and it can be closed", () => {
  const clock = new FakeClock();
  const list = new IdleList(clock, 80, () => undefined);
  expect(clock.pending).toBe(0);
  const one = idler(1);
  list.add(one);
  list.add(one);
  expect(clock.pending).toBe(1);
  list.remove(one);
  list.remove(one);
  clock.advance(10);
  expect(clock.pending).toBe(0);
  list.add(one);
  list.close();
  expect(clock.pending).toBe(0);
});
