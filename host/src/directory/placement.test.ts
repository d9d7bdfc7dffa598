import { expect, test } from "vitest";
import { type Candidate, hashOf, leastLoaded, rendezvous } from "./placement.ts";

interface Named extends Candidate {
  readonly name: string;
}

function worker(name: string, fields: Partial<Candidate> = {}): Named {
  return {
    name,
    placementHash: hashOf(name),
    load: 0,
    isPlaceable: true,
    isLeaving: false,
    ...fields,
  };
}

const KEYS = Array.from({ length: 20_000 }, (_, n) => `agent/key-${n}`);
// Instance ids as the SDK makes them: random, of one length.
const WORKERS = ["0c9f6a52", "71d3e8b4", "a55a0b16", "f2e41c90", "3b8d7f21"].map((start) =>
  worker(`${start}-4b1d-4c6e-9d5f-2f7a1c3e5b7d`),
);

function homes(workers: readonly Named[]): string[] {
  return KEYS.map((key) => rendezvous(key, workers)?.name ?? "");
}

test("keys spread over four workers with at most 10 % difference from an even share", () => {
  const four = WORKERS.slice(0, 4);
  const found = homes(four);
  for (const { name } of four) {
    const share = found.filter((home) => home === name).length / (KEYS.length / 4);
    expect(share).toBeGreaterThan(0.9);
    expect(share).toBeLessThan(1.1);
  }
});

test("a worker that comes takes only what it wins, about its share", () => {
  const before = homes(WORKERS.slice(0, 4));
  const after = homes(WORKERS);
  const moved = after.filter((home, index) => home !== before[index]);
  expect(new Set(moved)).toEqual(new Set([WORKERS[4]?.name]));
  expect(moved.length).toBeGreaterThan((KEYS.length / 5) * 0.9);
  expect(moved.length).toBeLessThan((KEYS.length / 5) * 1.1);
});

test("a worker that goes leaves all other keys where they are", () => {
  const before = homes(WORKERS);
  const after = homes(WORKERS.slice(1));
  const gone = WORKERS[0]?.name;
  for (const [index, home] of before.entries()) if (home !== gone) expect(after[index]).toBe(home);
});

test("the order in which workers came does not matter", () => {
  expect(homes(WORKERS.toReversed())).toEqual(homes(WORKERS));
});

test("nothing is placed on workers that take nothing", () => {
  const [closed, open] = [worker("closed-1", { isPlaceable: false }), worker("open-1")];
  expect(new Set(homes([closed, open]))).toEqual(new Set(["open-1"]));
  expect(rendezvous("a/1", [closed])).toBeUndefined();
  expect(leastLoaded([closed])).toBeUndefined();
  expect(leastLoaded([])).toBeUndefined();
});

test("the least loaded of the open ones takes a send to any key, the first of equals", () => {
  const [busy, idle, other] = [
    worker("busy", { load: 3 }),
    worker("idle", { load: 1 }),
    worker("other", { load: 1 }),
  ];
  expect(leastLoaded([busy, idle, other])).toBe(idle);
  expect(leastLoaded([worker("closed", { isPlaceable: false }), busy])).toBe(busy);
});
