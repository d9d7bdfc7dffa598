/** What many agents cost in resident memory: while they are there, and when they are idle. */
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { MemoryMeasurement } from "../scenario.ts";

/** What is measured. */
export interface KeyLoad {
  /** Agents, each of which is touched once. */
  readonly count: number;
  /** Sends under way at any time. */
  readonly window: number;
  /** The processes whose memory counts, together. */
  readonly pids: readonly number[];
}

const SAMPLE_MS = 50;
/** Milliseconds after which memory that has not come back is taken for kept. */
const IDLE_LIMIT_MS = 150_000;
/** Bytes beyond the first figure at which all of it counts as come back. */
const BACK_BYTES = 10_000_000;

/** Touches the agents and waits until they are idle. @throws what a touch throws. */
export async function measureKeys(
  touch: (key: number) => Promise<unknown>,
  { count, window, pids }: KeyLoad,
): Promise<MemoryMeasurement> {
  const baseBytes = await residentBytes(pids);
  let peakBytes = baseBytes;
  let latest = baseBytes;
  const sample = async (): Promise<void> => {
    latest = await residentBytes(pids);
    peakBytes = Math.max(peakBytes, latest);
  };
  let next = 0;
  let isLoading = true;
  const lane = async (): Promise<void> => {
    while (next < count) await touch(next++);
  };
  const sampling = (async () => {
    while (isLoading) {
      await sample();
      await sleep(SAMPLE_MS);
    }
  })();
  try {
    await Promise.all(Array.from({ length: window }, lane));
  } finally {
    isLoading = false;
  }
  await sampling;
  const giveUpAt = performance.now() + IDLE_LIMIT_MS;
  let least = latest;
  while (least - baseBytes > BACK_BYTES && performance.now() < giveUpAt) {
    await sleep(SAMPLE_MS);
    await sample();
    least = Math.min(least, latest);
  }
  return { kind: "memory", peakBytes, leftBytes: Math.max(0, least - baseBytes) };
}

/** Resident memory of processes, together. @throws where the system does not tell it as Linux does. */
async function residentBytes(pids: readonly number[]): Promise<number> {
  let kib = 0;
  for (const pid of pids) {
    const status = await readFile(`/proc/${pid}/status`, "utf8");
    kib += Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN);
  }
  return kib * 1_024;
}
