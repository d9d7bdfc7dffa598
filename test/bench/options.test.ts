import { expect, test } from "vitest";
import { parseOptions } from "./options.ts";
import { ROWS } from "./rows.ts";

test("the rows are those that the project promises", () => {
  expect(ROWS.map(({ id, must, aim }) => [id, must, aim])).toEqual([
    ["send-1", 1.2, 0.9],
    ["send-64", 2, 5],
    ["send-512", 2.5, 6],
    ["typed-64", 0.5, 0.8],
    ["publish-1", 0.15, 0.5],
    ["publish-acked-1", 3, 8],
    ["publish-10", 0.15, 0.5],
    ["relay-64", 0.35, 0.7],
  ]);
  expect(ROWS.filter(({ metric }) => metric === "latency").map(({ id }) => id)).toEqual(["send-1"]);
});

test("without arguments everything is measured at length", () => {
  const options = parseOptions([]);
  expect(options.rows).toEqual(ROWS);
  expect(options).toMatchObject({ rounds: 5, json: undefined, strict: false });
  expect(options.pace.minCalls).toBe(10_000);
});

test("quick fits into two minutes", () => {
  const { rounds, pace, rows } = parseOptions(["--quick"]);
  expect(rounds * rows.length * 2 * (pace.warmUpMs + pace.measureMs)).toBeLessThan(100_000);
  expect(pace.minCalls).toBe(2_000);
});

test("only chooses rows, rounds their repetition", () => {
  const options = parseOptions([
    "--only",
    "relay-64, send-1",
    "--rounds",
    "2",
    "--json",
    "out.json",
  ]);
  expect(options.rows.map(({ id }) => id)).toEqual(["send-1", "relay-64"]);
  expect(options).toMatchObject({ rounds: 2, json: "out.json" });
});

test("wrong arguments are named", () => {
  expect(() => parseOptions(["--only", "send-2"])).toThrow('no row "send-2"');
  expect(() => parseOptions(["--rounds", "0"])).toThrow("--rounds 0");
  expect(() => parseOptions(["--fast"])).toThrow("--fast");
});
