import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CASES } from "./cases/index.ts";
import { REQUIREMENTS } from "./requirements.ts";

/** Requirements that are watched over all traffic and need no case of their own. */
const WATCHED = ["W1", "W2", "W5", "W8", "W9", "W14"];
const MANUAL = readFileSync(new URL("../../proto/README.md", import.meta.url), "utf8");

test("the manual lists every requirement, in the same words", () => {
  const rows = [...MANUAL.matchAll(/^\| (W\d+) \| ([\w, ]+) \| (.*) \|$/gm)];
  const told = REQUIREMENTS.map(({ id, claims, text }) => [id, claims.join(", ") || "all", text]);
  expect(rows.map(([, ...cells]) => cells)).toEqual(told);
});

test("every requirement is tried by one case or watched", () => {
  const ids = [...WATCHED, ...CASES.map(({ id }) => id)].sort();
  expect(ids).toEqual(REQUIREMENTS.map(({ id }) => id).sort());
});
