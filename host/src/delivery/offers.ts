import type { Agent } from "./agent.ts";

/** Sequences that the stored mark is ahead of the log while workers are there, so that shipping waits for no write. */
const AHEAD = 8_192;

/**
 * How far a durable subscription may have offered its events to workers, as the store knows it. After `kill -9` that
 * tells what may have been delivered before from what never was, without a write for each delivery.
 *
 * O1. Nothing behind `#granted` is shipped, and the store knows `#granted` or more.
 * O2. What is at most `#inherited` may have been shipped by an earlier host.
 */
export class Offers {
  readonly #inherited: number;
  #granted: number;
  /** The largest sequence that was shipped, by this host or maybe by an earlier one. */
  #shipped: number;
  /** The mark that is on its way to the store, or there. */
  #told: number;
  readonly #waiting = new Set<Agent>();

  /** `stored` is what the store knows, `last` the last event that an earlier host can have seen. */
  constructor(stored: number, last: number) {
    this.#inherited = Math.min(stored, last);
    this.#granted = this.#inherited;
    this.#shipped = this.#inherited;
    this.#told = this.#inherited;
  }

  /** Whether an earlier host may have shipped it. */
  mayRepeat(sequence: number): boolean {
    return sequence <= this.#inherited;
  }

  /** Whether it may be shipped. If not, its agent is among those that the next `stored` returns. */
  admits(sequence: number, agent: Agent): boolean {
    if (sequence <= this.#granted) return true;
    this.#waiting.add(agent);
    return false;
  }

  /** Whether even the mark that is on its way to the store does not reach it. */
  isBeyond(sequence: number): boolean {
    return sequence > this.#told;
  }

  /** It is shipped. */
  shipped(sequence: number): void {
    if (sequence > this.#shipped) this.#shipped = sequence;
  }

  /**
   * The mark to be stored: ahead of what is known while there are workers, and no further than what was shipped while
   * there are none.
   */
  next(known: number, isServed: boolean): number {
    if (isServed || this.#waiting.size > 0) this.#told = Math.max(this.#granted, known + AHEAD);
    else {
      this.#granted = this.#shipped;
      this.#told = this.#shipped;
    }
    return this.#told;
  }

  /**
   * The mark to be stored for the last time by a host that has told of each event up to `through` whether it was
   * shipped.
   */
  leave(through: number): number {
    return through >= this.#inherited ? 0 : this.#shipped;
  }

  /** The mark is stored. @returns the agents whose events may be shipped now. */
  stored(mark: number): readonly Agent[] {
    this.#granted = mark;
    const admitted = [...this.#waiting];
    this.#waiting.clear();
    return admitted;
  }
}
