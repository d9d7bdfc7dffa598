import { setImmediate as turnEnd } from "node:timers/promises";
import { expect, test } from "vitest";
import { measureEvents } from "./events.ts";
import type { TallyReader } from "./tally.ts";

const PACE = { warmUpMs: 0, measureMs: 0, minCalls: 1 };

/** A tally that the test counts up by hand. */
function handTally(counts: number[]): TallyReader {
  return { port: 0, count: (worker) => counts[worker] ?? 0, onProgress: () => {}, close: () => {} };
}

/** Counts `handled` deliveries of a worker and tells of them. */
function handle(tally: TallyReader, counts: number[], worker: number, handled: number): void {
  counts[worker] = (counts[worker] ?? 0) + handled;
  tally.onProgress();
}

test("an event leaves the window when the slowest worker has handled it", async () => {
  const counts = [1_000, 500];
  const tally = handTally(counts);
  let published = 0;
  const publish = (): undefined => {
    published++;
    return undefined;
  };
  const result = measureEvents(publish, { tally, subscribers: [5, 5] }, 4, PACE);
  expect(published).toBe(4);
  handle(tally, counts, 0, 20);
  expect(published).toBe(4);
  handle(tally, counts, 1, 9);
  expect(published).toBe(5);
  handle(tally, counts, 1, 11);
  handle(tally, counts, 0, 100);
  handle(tally, counts, 1, 100);
  const { delivered } = await result;
  expect(delivered % 10).toBe(0);
  expect(delivered).toBeGreaterThan(0);
  expect(delivered).toBeLessThanOrEqual(published * 10);
});

test("where events are accepted, handled is not enough", async () => {
  const counts = [0];
  const tally = handTally(counts);
  const accept: (() => void)[] = [];
  const publish = () => new Promise<void>((resolve) => accept.push(resolve));
  const result = measureEvents(publish, { tally, subscribers: [1] }, 2, PACE);
  handle(tally, counts, 0, 2);
  expect(accept).toHaveLength(2);
  accept[0]?.();
  await turnEnd();
  expect(accept).toHaveLength(3);
  accept[1]?.();
  await turnEnd();
  handle(tally, counts, 0, 10);
  for (const resolve of accept) resolve();
  await result;
});

test("a refused event ends the measurement", async () => {
  const tally = handTally([0]);
  const publish = () => Promise.reject(new Error("refused"));
  const result = measureEvents(publish, { tally, subscribers: [1] }, 2, PACE);
  await expect(result).rejects.toThrow("refused");
});
