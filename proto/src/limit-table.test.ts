import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { DEFAULTS, LIMITS } from "./limits.ts";
import { BATCH_BYTES, BATCH_FRAMES } from "./wire/batch.ts";

const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");

/** The cells of the rows of a table whose first cell is a name in backquotes. */
function rows(section: string): string[][] {
  const text = README.split(`## ${section}\n`)[1]?.split("\n## ")[0] ?? "";
  const lines = text.split("\n").filter((line) => line.startsWith("| `"));
  return lines.map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, " ");
}

/** A limit as people read it, by the unit that its name ends in. */
function shown(name: string, value: number): string {
  if (name.endsWith("Ms")) return `${grouped(value)} ms`;
  if (!name.endsWith("Bytes")) return grouped(value);
  const [kib, mib] = [value / 1024, value / 1024 / 1024];
  if (kib < 1) return `${value} bytes`;
  return Number.isInteger(mib) ? `${grouped(mib)} MiB` : `${grouped(kib)} KiB`;
}

test("the table of limits in the README has every limit with its value, and no other", () => {
  const { port: _port, ...defaults } = DEFAULTS;
  const batch = { batchBytes: BATCH_BYTES, batchFrames: BATCH_FRAMES };
  const limits = Object.entries({ ...defaults, ...batch, ...LIMITS });
  const told = rows("Limits").map(([name = "", value]) => [name, value]);
  expect(told.toSorted()).toEqual(
    limits.map(([name, value]) => [`\`${name}\``, shown(name, value)]).toSorted(),
  );
});

test("every limit has a policy and a place to set it", () => {
  for (const [name, , policy, where] of rows("Limits")) {
    expect([name, policy]).not.toEqual([name, ""]);
    expect([name, where]).toEqual([name, expect.stringMatching(/^(host|fixed|worker: `\w+`)$/)]);
  }
});
