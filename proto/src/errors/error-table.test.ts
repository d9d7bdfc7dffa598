import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ErrorCode as WireCode } from "../../gen/agentmesh/v1/error.ts";
import { ERROR_TABLE, type ErrorCode, errorCodeOf, GRPC_STATUS } from "./error-table.ts";

const TABLE = Object.entries(ERROR_TABLE).map(([name, { number }]) => ({ name, number }));

/** The codes of error.proto, without the two values that are no codes. */
const WIRE = Object.entries(WireCode)
  .filter(([name]) => name !== "UNSPECIFIED" && name !== "UNRECOGNIZED")
  .map(([name, number]) => ({ name, number: Number(number) }));

test("the table has the codes of error.proto, name by name and number by number", () => {
  const byNumber = (a: { number: number }, b: { number: number }) => a.number - b.number;
  expect(WIRE.length).toBeGreaterThan(0);
  expect(TABLE.toSorted(byNumber)).toEqual(WIRE.toSorted(byNumber));
});

test("no number is given twice", () => {
  expect(new Set(TABLE.map(({ number }) => number)).size).toBe(TABLE.length);
});

test("every number leads back to its code, an unknown one to INTERNAL", () => {
  for (const { name, number } of TABLE) expect(errorCodeOf(number)).toBe(name);
  expect(errorCodeOf(0)).toBe("INTERNAL");
  expect(errorCodeOf(9_999)).toBe("INTERNAL");
});

test.each(Object.keys(ERROR_TABLE) as ErrorCode[])(
  "%s is retryable only when nothing ran",
  (code) => {
    const { outcome, retryable, status, text } = ERROR_TABLE[code];
    if (retryable) expect(outcome).toBe("not-executed");
    expect(GRPC_STATUS).toHaveProperty(status);
    expect(text).toMatch(/^[a-z].*[^.]$/);
  },
);

test("the table in the README is the same: number, gRPC status, outcome, retryable and text of every code", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const [, section = ""] = readme.split("## Errors\n");
  const told = section
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split(" | ").map((cell) => cell.replace(/^\| | \|$/g, "")));
  const table = Object.entries(ERROR_TABLE).map(([code, row]) => [
    `\`${code}\``,
    String(row.number),
    row.status,
    row.outcome,
    row.retryable ? "yes" : "no",
    row.text,
  ]);
  expect(told).toEqual(table);
});
