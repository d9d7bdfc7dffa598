/** Lets at most so many log lines of one kind through in a second, and counts the others. */
export class LineBudget {
  readonly #perSecond: number;
  #windowStart = Number.NEGATIVE_INFINITY;
  #spent = 0;
  #suppressed = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** Asks for a line at `now` milliseconds. @returns lines left out since the previous one; undefined for no line. */
  take(now: number): number | undefined {
    if (now - this.#windowStart >= 1_000) {
      this.#windowStart = now;
      this.#spent = 0;
    }
    if (this.#spent >= this.#perSecond) {
      this.#suppressed++;
      return undefined;
    }
    this.#spent++;
    const suppressed = this.#suppressed;
    this.#suppressed = 0;
    return suppressed;
  }
}
