import { expect, test } from "vitest";
import { PAGE_ROWS, placeOf, Rows } from "./rows.ts";

/** Rows with one column, which counts its pages. */
function counted(): { rows: Rows<number[]>; pages: () => number } {
  let made = 0;
  const rows = new Rows(() => {
    made++;
    return new Array<number>(PAGE_ROWS).fill(0);
  });
  return { rows, pages: () => made };
}

test("rows that are taken have numbers of their own, and cells of their own", () => {
  const { rows } = counted();
  const taken = Array.from({ length: 3_000 }, () => rows.take());
  expect(new Set(taken).size).toBe(3_000);
  for (const row of taken) rows.pageOf(row)[placeOf(row)] = row;
  expect(taken.every((row) => rows.pageOf(row)[placeOf(row)] === row)).toBe(true);
  expect([rows.size, rows.end]).toEqual([3_000, 3 * PAGE_ROWS]);
});

test("rows that are given back are taken again before there are more pages", () => {
  const { rows, pages } = counted();
  const taken = Array.from({ length: 2 * PAGE_ROWS }, () => rows.take());
  for (const row of taken) if (row % 2 === 0) rows.give(row);
  const again = Array.from({ length: PAGE_ROWS }, () => rows.take());
  expect(again.every((row) => row % 2 === 0)).toBe(true);
  expect([rows.size, pages()]).toEqual([2 * PAGE_ROWS, 2]);
});

test("pages of which no row is taken are let go, those behind which others are as well", () => {
  const { rows, pages } = counted();
  const taken = Array.from({ length: 3 * PAGE_ROWS }, () => rows.take());
  for (const row of taken.slice(PAGE_ROWS, 2 * PAGE_ROWS)) rows.give(row);
  expect([rows.pageAt(PAGE_ROWS), rows.end]).toEqual([undefined, 3 * PAGE_ROWS]);
  for (const row of taken.slice(2 * PAGE_ROWS)) rows.give(row);
  expect([rows.size, rows.end]).toEqual([PAGE_ROWS, PAGE_ROWS]);
  expect(rows.take()).toBe(PAGE_ROWS);
  expect(pages()).toBe(4);
});

test("a table that empties and fills keeps its first page", () => {
  const { rows, pages } = counted();
  for (let round = 0; round < 10; round++) rows.give(rows.take());
  expect([rows.size, pages()]).toEqual([0, 1]);
});
