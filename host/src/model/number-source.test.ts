import type { Clock } from "@agentmesh/proto";
import { expect, test } from "vitest";
import { type NumberNotes, NumberSource } from "./number-source.ts";

const BLOCK = 2 ** 20;

function clockAt(unixMs: number): Clock {
  return { now: () => 0, unixMs: () => unixMs, after: () => ({ cancel: () => {} }) };
}

/** Notes that keep what is noted from one counter to the next. */
function notebook(noted = 0): NumberNotes & { readonly written: number[] } {
  const written: number[] = [];
  return {
    written,
    noted: async () => Math.max(noted, ...written),
    note: async (number) => void written.push(number),
  };
}

function numbersAt(unixMs: number, notes: NumberNotes = notebook()): Promise<NumberSource> {
  return NumberSource.open(clockAt(unixMs), notes);
}

test("numbers only grow", async () => {
  const numbers = await numbersAt(1_000);
  const given = Array.from({ length: 1_000 }, () => numbers.next());
  expect(given).toEqual(given.toSorted((one, other) => one - other));
  expect(new Set(given).size).toBe(1_000);
  expect(numbers.last).toBe(given.at(-1));
  expect(given[0]).toBeGreaterThan(numbers.start);
});

test("a later start begins above everything that an earlier one gave out, unless that gave out 1 024 per millisecond", async () => {
  const earlier = await numbersAt(1_000);
  for (let count = 0; count < 1_023; count++) earlier.next();
  expect((await numbersAt(1_001)).next()).toBeGreaterThan(earlier.last);
});

test("with notes it does so after any number of them, and when the clock went back", async () => {
  const notes = notebook();
  const earlier = await numbersAt(1_000, notes);
  for (let count = 0; count < 3 * BLOCK; count++) earlier.next();
  const later = await numbersAt(1, notes);
  expect(later.start).toBeGreaterThanOrEqual(earlier.last);
  // A note for each half of a block, and none for each number.
  expect(notes.written.length).toBeLessThan(10);
});

test("what is given out was noted before", async () => {
  const notes = notebook();
  const numbers = await numbersAt(1_000, notes);
  for (let count = 0; count < 2 * BLOCK; count++) {
    const number = numbers.next();
    if ((notes.written.at(-1) ?? 0) < number) throw new Error(`${number} was not noted`);
  }
});

test("a mark that was stored wins over a clock that went back", async () => {
  expect((await numbersAt(1_000, notebook(5_000_000))).next()).toBe(5_000_001);
});

test("notes that cannot be written hold up nobody; notes that cannot be read do", async () => {
  const refuse = () => Promise.reject(new Error("the disk is full"));
  const numbers = await numbersAt(1_000, { noted: async () => 0, note: refuse });
  for (let count = 0; count < BLOCK; count++) numbers.next();
  await expect(numbersAt(1_000, { noted: refuse, note: refuse })).rejects.toThrow("full");
});

test("numbers are safe integers for two hundred years", async () => {
  const in200Years = Date.UTC(2226, 0, 1);
  expect(Number.isSafeInteger((await numbersAt(in200Years)).next())).toBe(true);
});
