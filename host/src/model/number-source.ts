/**
 * The one counter behind activation numbers and the ids of calls and events. It starts at the clock, or above what was
 * noted when an earlier host gave out more, so that it only grows, also when the clock went back. It stays below 2^53
 * for the next 200 years.
 *
 * N1. Before a number is given out, one at least as large has been noted, as long as notes can be written and a block
 *     lasts longer than that takes. Otherwise the clock alone keeps the next host above this one.
 */
import type { Clock } from "@agentmesh/proto";

/** Numbers per millisecond that the counter can give out before it runs ahead of the clock. */
const PER_MS = 1024;
/** Numbers that are noted at once. */
const BLOCK = 2 ** 20;

/** Where it is noted up to where numbers may have been given out. */
export interface NumberNotes {
  /** The largest number that was noted; 0 when there is none. */
  noted(): Promise<number>;
  /** Notes a number, unless a larger one is noted. Resolves when it is kept. */
  note(number: number): Promise<void>;
}

export class NumberSource {
  /** Every number of an earlier host is at most this; those of this one are larger. */
  readonly start: number;
  readonly #notes: NumberNotes;
  #last: number;
  /** At this number the next block is noted. */
  #noteAt: number;

  private constructor(start: number, notes: NumberNotes) {
    this.start = start;
    this.#notes = notes;
    this.#last = start;
    this.#noteAt = start;
  }

  /** The counter of a host. Rejects when it cannot be read what was noted. */
  static async open(clock: Clock, notes: NumberNotes): Promise<NumberSource> {
    const noted = await notes.noted();
    const numbers = new NumberSource(Math.max(noted, clock.unixMs() * PER_MS), notes);
    await numbers.#noteBlock();
    return numbers;
  }

  /** The largest number given out so far. */
  get last(): number {
    return this.#last;
  }

  /** A number larger than all before. */
  next(): number {
    this.#last += 1;
    if (this.#last >= this.#noteAt) void this.#noteBlock();
    return this.#last;
  }

  /** The next one follows when half of it is used. */
  async #noteBlock(): Promise<void> {
    this.#noteAt = this.#last + BLOCK / 2;
    try {
      await this.#notes.note(this.#last + BLOCK);
    } catch {
      // Whatever else the disk refuses is told; here the clock takes its place.
    }
  }
}
