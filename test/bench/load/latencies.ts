/** Samples that are kept; of a longer run the last ones. */
const CAPACITY = 1 << 19;

/** Times of calls, for their percentiles. */
export class Latencies {
  readonly #samples = new Float64Array(CAPACITY);
  #count = 0;

  /** Adds one time in milliseconds. */
  add(ms: number): void {
    this.#samples[this.#count++ % CAPACITY] = ms;
  }

  /** Percentiles in microseconds, one for each share between 0 and 1; 0 without samples. */
  percentilesUs(shares: readonly number[]): number[] {
    const kept = Math.min(this.#count, CAPACITY);
    const sorted = this.#samples.slice(0, kept).sort();
    return shares.map((share) => (sorted[Math.floor(share * (kept - 1))] ?? 0) * 1_000);
  }
}
