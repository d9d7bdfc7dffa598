import Denque from "denque";

/** Entries that have left a list before it is worth to be made anew. */
const LEAST_LEFT = 32;

/**
 * Things in the order of their numbers, from which any may leave: those that have left stay where they are and are
 * skipped, until half of the list is of that kind.
 */
export class LetterList<Entry extends { readonly number: number }> {
  readonly #entries = new Denque<Entry>();
  readonly #isHere: (entry: Entry) => boolean;
  #size = 0;

  /** `isHere` tells whether an entry still belongs to the list. */
  constructor(isHere: (entry: Entry) => boolean) {
    this.#isHere = isHere;
  }

  /** Entries that have not left. */
  get size(): number {
    return this.#size;
  }

  /** The first that has not left. */
  get first(): Entry | undefined {
    let entry = this.#entries.peekFront();
    while (entry !== undefined && !this.#isHere(entry)) {
      this.#entries.shift();
      entry = this.#entries.peekFront();
    }
    return entry;
  }

  /** Adds an entry with the largest number. */
  push(entry: Entry): void {
    this.#entries.push(entry);
    this.#size++;
  }

  /** An entry has left: from now on `isHere` says so. */
  left(): void {
    this.#size--;
    const gone = this.#entries.length - this.#size;
    if (gone < LEAST_LEFT || gone < this.#size) return;
    const here = this.#entries.toArray().filter(this.#isHere);
    this.#entries.clear();
    for (const entry of here) this.#entries.push(entry);
  }

  [Symbol.iterator](): Generator<Entry> {
    return this.after(0);
  }

  /** Those with larger numbers that have not left. */
  *after(number: number): Generator<Entry> {
    for (let index = this.#firstAfter(number); index < this.#entries.length; index++) {
      const entry = this.#entries.peekAt(index);
      if (entry !== undefined && this.#isHere(entry)) yield entry;
    }
  }

  /** Index of the first entry with a larger number, by bisection. */
  #firstAfter(number: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries.peekAt(middle)?.number ?? 0) > number) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
