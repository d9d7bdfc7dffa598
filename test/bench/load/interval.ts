import type { Pace } from "../scenario.ts";

/**
 * The counted part of a load that also warms up before it: it begins and ends at the first
 * progress after its time, so that count and time belong together.
 */
export class CountedInterval {
  readonly #beginAt: number;
  readonly #measureMs: number;
  readonly #minCount: number;
  #begun: { readonly at: number; readonly count: number } | undefined;
  #ended: { readonly count: number; readonly elapsedMs: number } | undefined;

  /** Counts for `measureMs`, and for at least `minCount` messages. */
  constructor(pace: Pace, minCount: number) {
    this.#beginAt = performance.now() + pace.warmUpMs;
    this.#measureMs = pace.measureMs;
    this.#minCount = minCount;
  }

  /** Whether messages count now. */
  get running(): boolean {
    return this.#begun !== undefined && this.#ended === undefined;
  }

  /** What was counted; undefined until it has ended. */
  get result(): { readonly count: number; readonly elapsedMs: number } | undefined {
    return this.#ended;
  }

  /** Tells that `count` messages have been delivered since the load began. */
  progress(count: number, now: number): void {
    if (this.#begun === undefined) {
      if (now >= this.#beginAt) this.#begun = { at: now, count };
      return;
    }
    // From the first progress on: on a slow link that may come after all of the time has passed.
    if (this.#ended !== undefined || now < this.#begun.at + this.#measureMs) return;
    const counted = count - this.#begun.count;
    if (counted < this.#minCount) return;
    this.#ended = { count: counted, elapsedMs: now - this.#begun.at };
  }
}
