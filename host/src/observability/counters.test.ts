import { expect, test } from "vitest";
import { createCounters, snapshot } from "./counters.ts";

test("counters start at zero and are listed by name", () => {
  const named = snapshot(createCounters());
  expect(new Set(named.values())).toEqual(new Set([0]));
  expect(named.has("stale_frames")).toBe(true);
  expect([...named.keys()].filter((name) => name.startsWith("failures"))).toEqual([]);
});

test("failures are listed by code once they occurred", () => {
  const counters = createCounters();
  counters.sends += 2;
  counters.failures.WORKER_LOST++;
  const named = snapshot(counters);
  expect([named.get("sends"), named.get("failures.WORKER_LOST")]).toEqual([2, 1]);
});
