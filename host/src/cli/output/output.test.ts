import { describe, expect, test } from "vitest";
import { MemoryTerminal } from "../memory-terminal.ts";
import { Output } from "./output.ts";
import { paintFor } from "./paint.ts";
import { pairLines, wrapLines } from "./table.ts";
import { clockText, durationText, instantText, isoText } from "./time.ts";

const SCREEN = 40;
const COLUMNS = [
  { title: "NAME", cell: ({ name }: Row) => name },
  { title: "COUNT", cell: ({ count }: Row) => String(count), align: "right" as const },
  { title: "ABOUT", cell: ({ about }: Row) => about },
];

interface Row {
  readonly name: string;
  readonly count: number;
  readonly about: string;
}

const ROWS: readonly Row[] = [
  { name: "a", count: 7, about: "short" },
  { name: "longer", count: 12_345, about: "something that is too long for the screen" },
];

describe("a table", () => {
  test("is aligned, numbers to the right, and whole in a pipe", () => {
    const output = new Output(new MemoryTerminal(), false);
    expect(output.table(ROWS, COLUMNS)).toEqual([
      "NAME    COUNT  ABOUT",
      "a           7  short",
      "longer  12345  something that is too long for the screen",
    ]);
  });

  test("is cut to the width of a screen", () => {
    const output = new Output(new MemoryTerminal({ NO_COLOR: "1" }, SCREEN), false);
    const lines = output.table(ROWS, COLUMNS);
    expect(lines[2]).toBe("longer  12345  something that is too lo…");
    expect(Math.max(...lines.map((line) => line.length))).toBe(SCREEN);
  });

  test("shows no control characters of strangers", () => {
    const output = new Output(new MemoryTerminal(), false);
    const rows = [{ name: "\u001b[31mred\u0007", count: 1, about: "two\nlines\u202e" }];
    expect(output.table(rows, COLUMNS)[1]).toBe("\ufffd[31mred\ufffd      1  two lines\ufffd");
  });
});

describe("colours", () => {
  test.each<[string, Record<string, string>, number | undefined, boolean]>([
    ["on a screen", {}, 80, true],
    ["not in a pipe", {}, undefined, false],
    ["not with NO_COLOR", { NO_COLOR: "1" }, 80, false],
    ["not where it is empty", { NO_COLOR: "" }, 80, true],
    ["not on a screen that has none", { TERM: "dumb" }, 80, false],
  ])("are shown %s", (_, env, columns, isPainted) => {
    const paint = paintFor(new MemoryTerminal(env, columns));
    expect(paint("red", "x")).toBe(isPainted ? "\u001b[31mx\u001b[0m" : "x");
  });
});

test("results are one document, entries one line each, and notes are for people", () => {
  const [machine, person] = [new MemoryTerminal(), new MemoryTerminal()];
  for (const [terminal, isJson] of [
    [machine, true],
    [person, false],
  ] as const) {
    const output = new Output(terminal, isJson);
    output.result({ a: 1 }, () => ["a is", "1"]);
    output.entry({ b: 2 }, () => "b is 2");
    output.note("by the way");
  }
  expect([machine.out, machine.err]).toEqual([['{\n  "a": 1\n}', '{"b":2}'], []]);
  expect([person.out, person.err]).toEqual([["a is", "1", "b is 2"], ["by the way"]]);
});

test("texts are wrapped between words, and pairs aligned", () => {
  expect(wrapLines("one two three", "  ", 9)).toEqual(["  one two", "  three"]);
  expect(wrapLines("", "  ", 9)).toEqual([]);
  expect(
    pairLines(
      [
        ["a", "1"],
        ["long", "2"],
      ],
      (_, text) => text,
    ),
  ).toEqual(["a     1", "long  2"]);
});

test.each([
  [12, "12 ms"],
  [59_999, "59 s"],
  [60_000, "1 min"],
  [3_723_000, "1 h 2 min"],
  [90_000_000, "1 d 1 h"],
])("%i ms are %s", (ms, text) => expect(durationText(ms)).toBe(text));

test("instants are in UTC", () => {
  const at = isoText(86_401_002);
  expect([at, instantText(at), clockText(at)]).toEqual([
    "1970-01-02T00:00:01.002Z",
    "1970-01-02 00:00:01",
    "00:00:01.002",
  ]);
});
