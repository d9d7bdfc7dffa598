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
  /** Runs `run` once, `delayMs` from now. It does not keep the process alive. */
  after(delayMs: number, run: () => void): Timer;
}

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  unixMs: () => Date.now(),
  after(delayMs, run) {
    const handle = setTimeout(run, delayMs).unref();
    return { cancel: () => clearTimeout(handle) };
  },
};
