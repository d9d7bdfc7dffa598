import { expect, test } from "vitest";
import { systemClock } from "./clock.ts";

/** What the process warns of until this turn of the event loop ends. */
async function warningsOf(run: () => void): Promise<string[]> {
  const warnings: string[] = [];
  const note = ({ name }: Error) => warnings.push(name);
  process.on("warning", note);
  run();
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", note);
  return warnings;
}

test("a delay beyond what setTimeout takes is not taken for none", async () => {
  const start = () => systemClock.after(Number.MAX_SAFE_INTEGER, () => {}).cancel();
  expect(await warningsOf(start)).toEqual([]);
});

test("time only grows", () => {
  const before = systemClock.now();
  expect(systemClock.now()).toBeGreaterThanOrEqual(before);
  expect(Number.isInteger(systemClock.unixMs())).toBe(true);
});
