import type { Clock } from "@agentmesh/proto";

/** Numbers per millisecond that the counter can give out before it runs ahead of the clock. */
const PER_MS = 1024;

/**
 * The one counter behind activation numbers and the ids of calls and events: it only grows, over restarts too, because
 * it starts at the clock. It stays below 2^53 for the next 200 years.
 */
export class NumberSource {
  #last: number;

  /** `mark` is the largest number that is known to have been given out before. */
  constructor(clock: Clock, mark = 0) {
    this.#last = Math.max(mark, clock.unixMs() * PER_MS);
  }

  /** The largest number given out so far. */
  get last(): number {
    return this.#last;
  }

  /** A number larger than all before. */
  next(): number {
    this.#last += 1;
    return this.#last;
  }
}
