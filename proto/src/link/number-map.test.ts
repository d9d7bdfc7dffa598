import fc from "fast-check";
import { expect, test } from "vitest";
import { NumberMap } from "./number-map.ts";

const steps = fc.array(
  fc.record({
    set: fc.boolean(),
    key: fc.oneof(
      fc.integer({ min: 1, max: 40 }),
      fc.maxSafeInteger().map((n) => Math.abs(n) || 1),
    ),
  }),
  { maxLength: 400 },
);

test("does what a Map does, whatever the order of insertions and deletions", () => {
  fc.assert(
    fc.property(steps, (given) => {
      const model = new Map<number, number>();
      const map = new NumberMap<number>();
      for (const [index, { set, key }] of given.entries()) {
        if (set) {
          model.set(key, index);
          map.set(key, index);
        } else expect(map.delete(key)).toBe(model.delete(key));
        expect(map.size).toBe(model.size);
        expect(map.get(key)).toBe(model.get(key));
        expect(map.has(key)).toBe(model.has(key));
      }
      const sorted = [...model].sort(([one], [other]) => one - other).map(([, value]) => value);
      expect(map.values()).toEqual(sorted);
    }),
  );
});

test("a number that was never put in is not there, zero included", () => {
  const map = new NumberMap<string>();
  map.set(0, "ignored");
  expect([map.has(0), map.has(1), map.get(1), map.delete(1), map.delete(0), map.size]).toEqual([
    false,
    false,
    undefined,
    false,
    false,
    0,
  ]);
});

test("a window of numbers that slides for long stays what it is", () => {
  const map = new NumberMap<number>();
  let deleted = 0;
  for (let number = 1; number <= 100_000; number++) {
    map.set(number, number);
    if (map.delete(number - 64)) deleted++;
  }
  expect(deleted).toBe(100_000 - 64);
  expect(map.values()).toEqual(Array.from({ length: 64 }, (_, index) => 99_937 + index));
  map.clear();
  expect(map.size).toBe(0);
});

test("what stays while thousands pass by is still found, and counted once", () => {
  const map = new NumberMap<string>();
  map.set(7, "stays");
  for (let number = 8; number <= 50_000; number++) {
    map.set(number, "passes");
    map.delete(number);
  }
  expect([map.get(7), map.has(7), map.size, map.values()]).toEqual(["stays", true, 1, ["stays"]]);
  expect([map.delete(7), map.has(7), map.size]).toEqual([true, false, 0]);
});
