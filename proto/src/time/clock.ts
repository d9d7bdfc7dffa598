/** A timer that has been started. */
export interface Timer {
  /** Stops it; after this its function does not run. Idempotent. */
  cancel(): void;
}

/** Where time comes from. Everything that waits takes one, so that tests can drive it. */
export interface Clock {
  /** Milliseconds that only grow; their origin means nothing. */
  now(): number;
  /** Milliseconds since 1970, for people and for starting counters. */
  unixMs(): number;
  /** Runs `run` once, `delayMs` from now, or after 24 days. It does not keep the process alive. */
  after(delayMs: number, run: () => void): Timer;
}

/** Longer delays are cut: `setTimeout` takes them for none at all. */
const LONGEST_DELAY_MS = 24 * 24 * 3_600_000;

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  unixMs: () => Date.now(),
  after(delayMs, run) {
    // Fractions are rounded up, because `setTimeout` drops them and would be early.
    const handle = setTimeout(run, Math.min(Math.ceil(delayMs), LONGEST_DELAY_MS)).unref();
    return { cancel: () => clearTimeout(handle) };
  },
};
