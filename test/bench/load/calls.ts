import type { LoadMeasurement, Pace } from "../scenario.ts";
import { CountedInterval } from "./interval.ts";
import { Latencies } from "./latencies.ts";

/** One call of a system: `turn` counts up and chooses the agent. Resolves with the reply. */
export type Call = (turn: number) => Promise<unknown>;

/**
 * Keeps `window` calls in flight, each followed by the next one of its lane; a call stands for
 * `messages` messages. @throws what a call throws.
 */
export async function measureCalls(
  call: Call,
  window: number,
  pace: Pace,
  messages = 1,
): Promise<LoadMeasurement> {
  const latencies = new Latencies();
  const interval = new CountedInterval(pace, pace.minCalls);
  let delivered = 0;
  let failed = false;

  async function lane(first: number): Promise<void> {
    for (let turn = first; interval.result === undefined && !failed; turn += window) {
      const startedAt = performance.now();
      await call(turn);
      const now = performance.now();
      interval.progress(++delivered, now);
      if (interval.running) latencies.add(now - startedAt);
    }
  }

  try {
    await Promise.all(Array.from({ length: window }, (_, first) => lane(first)));
  } finally {
    failed = true;
  }
  const [p50Us = 0, p99Us = 0] = latencies.percentilesUs([0.5, 0.99]);
  const { count, elapsedMs } = interval.result ?? { count: 0, elapsedMs: 0 };
  return {
    kind: "load",
    delivered: count * messages,
    elapsedMs,
    p50Us,
    p99Us,
    total: delivered * messages,
    wireBytes: 0,
  };
}
