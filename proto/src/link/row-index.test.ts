import fc from "fast-check";
import { expect, test } from "vitest";
import { RowIndex } from "./row-index.ts";

/** Rows whose content is a number, found by a hash of it that many share. */
class Table {
  readonly contents = new Map<number, number>();
  readonly #index: RowIndex;
  readonly #hashOf: (content: number) => number;

  constructor(hashOf: (content: number) => number) {
    this.#hashOf = hashOf;
    this.#index = new RowIndex((row) => hashOf(this.contents.get(row) as number));
  }

  add(row: number, content: number): void {
    this.contents.set(row, content);
    this.#index.add(row);
  }

  remove(row: number): void {
    this.#index.remove(row);
    this.contents.delete(row);
  }

  find(content: number): number {
    let place = this.#index.first(this.#hashOf(content));
    let row = this.#index.rowAt(place);
    while (row >= 0 && this.contents.get(row) !== content) {
      place = this.#index.after(place);
      row = this.#index.rowAt(place);
    }
    return row;
  }
}

test("finds what is there and nothing else, whatever came and went, also where many share a hash", () => {
  const step = fc.record({ content: fc.integer({ min: 0, max: 60 }), isAdded: fc.boolean() });
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 300 }),
      fc.integer({ min: 1, max: 64 }),
      (steps, hashes) => {
        const table = new Table((content) => content % hashes);
        for (const { content, isAdded } of steps) {
          const row = content * 7;
          const isThere = table.contents.has(row);
          if (isAdded && !isThere) table.add(row, content);
          else if (!isAdded && isThere) table.remove(row);
        }
        for (let content = 0; content <= 60; content++) {
          const row = content * 7;
          expect(table.find(content)).toBe(table.contents.has(row) ? row : -1);
        }
      },
    ),
  );
});

test("grows and shrinks with what is in it", () => {
  const table = new Table((content) => content);
  for (let row = 0; row < 10_000; row++) table.add(row, row * 3);
  for (let row = 0; row < 10_000; row++) if (row % 100 !== 0) table.remove(row);
  const found = Array.from({ length: 10_000 }, (_, row) => table.find(row * 3));
  expect(found.every((row, index) => row === (index % 100 === 0 ? index : -1))).toBe(true);
});
