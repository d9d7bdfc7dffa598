/** The examples that check themselves, as their readers run them. */
import { existsSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { startModule } from "../support/processes.ts";

/** Milliseconds of real time for an example with its host and its workers on a busy machine. */
const RUN_MS = 25_000;

const EXAMPLES = new URL("../../examples/", import.meta.url);
/** They are tested on their own: the review has options and a screen, the starter is a project that is copied. */
const OTHERS = new Set(["review", "starter"]);

const names = readdirSync(EXAMPLES).filter(
  (name) => existsSync(new URL(`${name}/main.ts`, EXAMPLES)) && !OTHERS.has(name),
);

test("there are examples", () => expect(names.length).toBeGreaterThanOrEqual(4));

test.each(names)("%s does what it says", async (name) => {
  const running = startModule(name, new URL(`dist/${name}/main.js`, EXAMPLES), []);
  const end = await running.finished(RUN_MS);
  expect(end, running.lastWords).toEqual({ code: 0, signal: null });
  expect(running.err.entries).toEqual([]);
  expect(running.out.entries.at(-1)).toMatch(/^ok: /);
});
