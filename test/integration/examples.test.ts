/** The examples that check themselves, as their readers run them. */
import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { startModule } from "../support/processes.ts";

/** Milliseconds of real time for an example with its host and its workers on a busy machine. */
const RUN_MS = 25_000;

const EXAMPLES = new URL("../../examples/", import.meta.url);
const folders = readdirSync(EXAMPLES, { withFileTypes: true }).filter((entry) =>
  entry.isDirectory(),
);

/** Those that have a `main.ts`, and no tests of their own beside it. */
const names = folders.flatMap(({ name }) => {
  const files = readdirSync(new URL(name, EXAMPLES));
  const isTested = files.some((file) => file.endsWith(".test.ts"));
  return files.includes("main.ts") && !isTested ? [name] : [];
});

test("there are examples", () => expect(names.length).toBeGreaterThanOrEqual(4));

test.each(names)("%s does what it says", async (name) => {
  const running = startModule(name, new URL(`dist/${name}/main.js`, EXAMPLES), []);
  const end = await running.finished(RUN_MS);
  expect(end, running.lastWords).toEqual({ code: 0, signal: null });
  expect(running.err.entries).toEqual([]);
  expect(running.out.entries.at(-1)).toMatch(/^ok: /);
});
