import { FakeClock } from "@agentmesh/proto/testing";
import { expect, test } from "vitest";
import { type Idler, type Rested, Resting } from "./resting.ts";

class Sleeper implements Idler {
  readonly number: number;
  readonly key: string;
  readonly state: unknown;
  idleSince = 0;
  isListed = false;
  canRest = true;
  hasLainDown = false;

  constructor(number: number) {
    this.number = number;
    this.key = `key-${number}`;
    this.state = { number };
  }

  lieDown(): void {
    this.hasLainDown = true;
  }
}

/** Somebody who is woken, does something, and is idle again. */
function revisited(resting: Resting, number: number): void {
  expect(resting.take(number)?.number).toBe(number);
  resting.add(new Sleeper(number));
}

/** Those at rest between two turns of the event loop. */
function turnOver(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function numbersOf(rested: Iterable<Rested>): number[] {
  return [...rested].map(({ number }) => number).sort((one, other) => one - other);
}

test("offers in slices, never too early and little too late", () => {
  const clock = new FakeClock();
  const offers: { atMs: number; numbers: readonly number[] }[] = [];
  const resting = new Resting(clock, 800, (numbers) => offers.push({ atMs: clock.now(), numbers }));
  for (let number = 1; number <= 1_500; number++) resting.add(new Sleeper(number));
  clock.advance(450);
  revisited(resting, 1);
  clock.advance(440);
  expect(offers).toEqual([]);
  clock.advance(60);
  expect(offers.map(({ numbers }) => numbers.length)).toEqual([1_000, 499]);
  clock.advance(350);
  expect(offers[2]).toEqual({ atMs: 1_300, numbers: [1] });
});

test("however many are due are offered within the next tick", () => {
  const clock = new FakeClock();
  const offered = new Set<number>();
  const resting = new Resting(clock, 8_000, (numbers) => {
    for (const number of numbers) offered.add(number);
  });
  for (let number = 1; number <= 40_000; number++) resting.add(new Sleeper(number));
  clock.advance(8_999);
  expect(offered.size).toBe(0);
  clock.advance(1_000);
  expect(offered.size).toBe(40_000);
});

test("an offer of which nothing comes is repeated", () => {
  const clock = new FakeClock();
  const offers: (readonly number[])[] = [];
  const resting = new Resting(clock, 80, (numbers) => offers.push(numbers));
  resting.add(new Sleeper(5));
  clock.advance(90);
  expect(offers).toEqual([[5]]);
  clock.advance(90);
  expect(offers).toEqual([[5], [5]]);
});

test("who has something to do is not put to rest, and comes back when it has not", () => {
  const clock = new FakeClock();
  const resting = new Resting(clock, 80, () => undefined);
  const one = new Sleeper(1);
  resting.add(one);
  one.canRest = false;
  clock.advance(100);
  expect([one.hasLainDown, resting.size]).toEqual([false, 0]);
  expect(clock.pending).toBe(0);
  one.canRest = true;
  resting.add(one);
  resting.add(one);
  clock.advance(30);
  expect([one.hasLainDown, resting.size]).toEqual([true, 1]);
});

test("more than stay awake are put to rest at once, those of late last", async () => {
  const resting = new Resting(new FakeClock(), 0, () => undefined, 10);
  const sleepers = Array.from({ length: 3_000 }, (_, index) => new Sleeper(index + 1));
  for (const sleeper of sleepers) resting.add(sleeper);
  expect(resting.size).toBe(0);
  await turnOver();
  expect(resting.size).toBe(2_990);
  expect(sleepers.slice(0, 2_990).every(({ hasLainDown }) => hasLainDown)).toBe(true);
  expect(sleepers.slice(2_990).some(({ hasLainDown }) => hasLainDown)).toBe(false);
});

test("what rests keeps its key and its very state, and is found by number and by key", async () => {
  const resting = new Resting(new FakeClock(), 0, () => undefined, 0);
  const sleepers = Array.from({ length: 5 }, (_, index) => new Sleeper(index + 1));
  for (const sleeper of sleepers) resting.add(sleeper);
  await turnOver();
  const third = resting.take(3);
  expect(third).toEqual({ number: 3, key: "key-3", state: { number: 3 } });
  expect(third?.state).toBe(sleepers[2]?.state);
  expect([resting.take(3), resting.takeKey("key-3")]).toEqual([undefined, undefined]);
  expect(resting.takeKey("key-5")?.number).toBe(5);
  expect(numbersOf(resting.all())).toEqual([1, 2, 4]);
  resting.dropAll((number) => number === 2);
  expect(numbersOf(resting.takeAll())).toEqual([1, 4]);
  expect(resting.size).toBe(0);
});

test("its timer runs only while somebody is idle, and it can be closed", () => {
  const clock = new FakeClock();
  const resting = new Resting(clock, 80, () => undefined);
  expect(clock.pending).toBe(0);
  resting.add(new Sleeper(1));
  expect(clock.pending).toBe(1);
  clock.advance(30);
  resting.take(1);
  clock.advance(10);
  expect(clock.pending).toBe(0);
  resting.add(new Sleeper(1));
  resting.close();
  expect(clock.pending).toBe(0);
});
