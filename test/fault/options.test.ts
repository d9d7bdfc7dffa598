import { expect, test } from "vitest";
import { parseOptions, USAGE } from "./options.ts";
import { ROWS } from "./rows.ts";

test("without arguments all rows run at full size, by a chance of their own", () => {
  expect(parseOptions([])).toMatchObject({ rows: ROWS, isQuick: false, json: undefined });
});

test("rows are chosen by name, in the order in which they always run", () => {
  const { rows } = parseOptions(["cuts", "settle", "--quick"]);
  expect(rows.map(({ id }) => id)).toEqual(["settle", "cuts"]);
});

test("the seed of an earlier run is taken again", () => {
  expect(parseOptions(["--seed", "42"]).seed).toBe(42);
});

test.each([
  [["nothing"], /no row "nothing"; there are settle, cuts/],
  [["--seed", "x"], /--seed x is not a whole number/],
  [["--seed", ""], /is not a whole number/],
  [["--slow"], /--slow/],
])("%j is refused with what is wrong", (args, problem) => {
  expect(() => parseOptions(args)).toThrow(problem);
});

test("the help names every row", () => {
  for (const { id } of ROWS) expect(USAGE).toContain(`  ${id} `);
});
