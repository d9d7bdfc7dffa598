import { setImmediate as turnEnd } from "node:timers/promises";
import { expect, test } from "vitest";
import { measureCalls } from "./calls.ts";

const PACE = { warmUpMs: 0, measureMs: 0, minCalls: 100 };

test("keeps exactly the window in flight and counts replies", async () => {
  const inFlight = new Set<number>();
  const seen = new Set<number>();
  let most = 0;
  async function call(turn: number): Promise<void> {
    expect(seen.has(turn)).toBe(false);
    seen.add(turn);
    inFlight.add(turn);
    most = Math.max(most, inFlight.size);
    await turnEnd();
    inFlight.delete(turn);
  }
  const measurement = await measureCalls(call, 8, PACE);
  expect(most).toBe(8);
  expect(inFlight.size).toBe(0);
  expect(measurement.delivered).toBeGreaterThanOrEqual(100);
  expect(measurement.delivered).toBeLessThanOrEqual(seen.size);
});

test("a call that fails ends the measurement", async () => {
  let calls = 0;
  async function call(turn: number): Promise<void> {
    calls++;
    await turnEnd();
    if (turn === 20) throw new Error("lost");
  }
  await expect(measureCalls(call, 4, PACE)).rejects.toThrow("lost");
  await turnEnd();
  expect(calls).toBeLessThan(100);
});
