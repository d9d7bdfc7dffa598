import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../environment.ts";
import {
  type Comparison,
  formatAll,
  formatDifferences,
  replaceTable,
  tableIn,
} from "./comparison.ts";
import { type Outcome, SCENARIOS } from "./scenarios.ts";

const YES: Outcome = { kind: "as-expected" };

function no(reason: string): Outcome {
  return { kind: "otherwise", reason };
}

const COMPARISONS: readonly Comparison[] = [
  { scenario: { title: "one", source: "test_one" }, theirs: YES, ours: YES },
  { scenario: { title: "two", source: "C1" }, theirs: no("hangs: for ever"), ours: YES },
  { scenario: { title: "three", source: "C2" }, theirs: no("it\nsays a|b"), ours: YES },
];

test("the terminal is shown all of it, with reasons", () => {
  expect(formatAll(COMPARISONS).split("\n").slice(2)).toEqual([
    "| one | test_one | yes | yes |",
    "| two | C1 | **no**: hangs: for ever | yes |",
    "| three | C2 | **no**: it says a\\|b | yes |",
  ]);
});

test("the README is shown what differs, in a word", () => {
  expect(formatDifferences(COMPARISONS).split("\n").slice(2)).toEqual([
    "| two | hangs | yes |",
    "| three | no | yes |",
    "| 1 more, AutoGen's own tests of its distributed runtime among them | yes | yes |",
  ]);
});

test("a README without a place for the table is refused", () => {
  expect(() => replaceTable("# Title", "| |")).toThrow("has no");
});

test("the README has the table of all scenarios that there are, and this host does what is expected", () => {
  const table = tableIn(readFileSync(path.join(ROOT, "README.md"), "utf8"));
  const told = new Map(
    table.split("\n").map((line) => {
      const [title = "", theirs = "", ours = ""] = line.split(" | ").map(trimmed);
      return [title, { theirs, ours }];
    }),
  );
  const comparisons = SCENARIOS.map((scenario): Comparison => {
    const { theirs = "yes", ours = "yes" } = told.get(scenario.title) ?? {};
    expect([scenario.title, ours]).toEqual([scenario.title, "yes"]);
    return { scenario, theirs: theirs === "yes" ? YES : no(theirs), ours: YES };
  });
  expect(table).toBe(formatDifferences(comparisons));
});

function trimmed(cell: string): string {
  return cell.replaceAll(/^\| | \|$/g, "");
}
