import { expect, test } from "vitest";
import { parseOptions, roundsOf } from "./options.ts";
import { ROWS } from "./rows.ts";

test("the rows are those that the project promises", () => {
  expect(ROWS.map(({ id, demand }) => [id, demand?.must, demand?.aim])).toEqual([
    ["send-1", 1.2, 0.9],
    ["send-64", 2, 5],
    ["send-512", 2.5, 6],
    ["typed-64", 0.5, 0.8],
    ["publish-1", 0.15, 0.5],
    ["publish-acked-1", 3, 8],
    ["publish-10", 0.15, 0.5],
    ["relay-64", 0.35, 0.7],
    ["stream-64", 1.5, 3],
    ["fanout-bytes", 0.3, undefined],
    ["link-20ms-up", 40, undefined],
    ["link-20ms-down", 40, undefined],
    ["growth-subscriptions", 1.3, 1],
    ["growth-sessions", 1.3, 1],
    ["spread-200", 0.8, 2],
    ["autogen-64", 1, undefined],
    ["autogen-publish", 1, undefined],
    ["autogen-mesh-64", 20, 50],
    ["autogen-mesh-publish", 20, 50],
    ["keys-1m", 500, 250],
    ["keys-1m-left", 50, undefined],
    ["durable-publish", 1, 3],
    ["durable-e2e", 0.5, 1.5],
    ["local-rpc", undefined, undefined],
  ]);
});

test("without arguments everything is measured at length", () => {
  const options = parseOptions([]);
  expect(options.rows).toEqual(ROWS);
  expect(options).toMatchObject({ rounds: 5, json: undefined, strict: false });
  expect(options.pace.minCalls).toBe(10_000);
});

test("quick fits into two minutes", () => {
  const options = parseOptions(["--quick"]);
  const { pace, rows } = options;
  const measurements = rows.reduce((sum, row) => sum + 2 * roundsOf(options, row), 0);
  expect(measurements * (pace.warmUpMs + pace.measureMs)).toBeLessThan(110_000);
  expect(rows.map(({ id }) => id)).not.toContain("keys-1m");
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
