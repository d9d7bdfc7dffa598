/** The events of one agent that a feed has in memory. */
export class FeedLane {
  readonly key: string;
  /** Events of the lane that are not past. */
  size = 0;
  #number = nextNumber();
  /** Events in flight that were shipped since the last failure. */
  #inFlight = 0;
  /** Events in flight that were shipped before it. */
  #stale = 0;

  constructor(key: string) {
    this.key = key;
  }

  /** Number for the worker, which no other lane has. It is another one after a failure: see `EventTarget.lane`. */
  get number(): number {
    return this.#number;
  }

  /**
   * Whether nothing may leave: events that were shipped behind one that has failed are still with their worker, which
   * gives them back, and what leaves now would be handled before them.
   */
  get isHeld(): boolean {
    return this.#stale > 0;
  }

  /** An event has left. @returns the number under which it did. */
  shipped(): number {
    this.#inFlight++;
    return this.#number;
  }

  /** An event that had left under this number is not in flight any more. */
  landed(number: number): void {
    if (number === this.#number) this.#inFlight--;
    else this.#stale--;
  }

  /** An event has failed: what is on its way behind it must not be handled before it. */
  renew(): void {
    this.#number = nextNumber();
    this.#stale += this.#inFlight;
    this.#inFlight = 0;
  }
}

let lastNumber = 0;

/** A number that no lane had before. */
function nextNumber(): number {
  lastNumber++;
  return lastNumber;
}
