/**
 * Finds the rows of a table by what is in them. It keeps nothing but their numbers: a million rows cost it 8 MiB.
 *
 * 1. A row is in the first place from the one that its hash names on that was free when it came (linear probing), and
 *    no place between the two is free.
 * 2. At most three quarters of the places are taken.
 */
const LEAST_PLACES = 16;
/** Below this it does not shrink: tables fill and empty in waves. */
const STEADY_PLACES = 1_024;
/** Spreads what is close together: 2^32 divided by the golden ratio (Knuth, 6.4). */
const SPREAD = 0x9e3779b1;

export class RowIndex {
  readonly #hashOf: (row: number) => number;
  /** Row and 1; 0 where a place is free. */
  #places = new Int32Array(LEAST_PLACES);
  #mask = LEAST_PLACES - 1;
  #size = 0;

  /** `hashOf` gives 32 bits that stay the same while the row is in the index. */
  constructor(hashOf: (row: number) => number) {
    this.#hashOf = hashOf;
  }

  /** The place at which a search for a hash begins. It goes on with {@link after} until {@link rowAt} is -1. */
  first(hash: number): number {
    const spread = Math.imul(hash, SPREAD);
    return (spread ^ (spread >>> 15)) & this.#mask;
  }

  /** The row at a place; -1 where there is none. */
  rowAt(place: number): number {
    return (this.#places[place] as number) - 1;
  }

  /** The place to look at next. */
  after(place: number): number {
    return (place + 1) & this.#mask;
  }

  /** Adds a row that is not in it. */
  add(row: number): void {
    this.#size++;
    if (this.#size * 4 > this.#places.length * 3) this.#resize(this.#places.length * 2);
    this.#put(row);
  }

  /** Takes out a row that is in it, before what its hash is made of changes. */
  remove(row: number): void {
    let place = this.first(this.#hashOf(row));
    while (this.rowAt(place) !== row) place = this.after(place);
    this.#close(place);
    this.#size--;
    const places = this.#places.length;
    if (places > STEADY_PLACES && this.#size * 8 < places) this.#resize(places / 2);
  }

  #put(row: number): void {
    let place = this.first(this.#hashOf(row));
    while (this.#places[place] !== 0) place = this.after(place);
    this.#places[place] = row + 1;
  }

  /** Frees a place, moving up the rows behind it that would not be found any more. */
  #close(place: number): void {
    let gap = place;
    for (let at = this.after(gap); this.#places[at] !== 0; at = this.after(at)) {
      const wanted = this.first(this.#hashOf(this.rowAt(at)));
      if (((at - wanted) & this.#mask) < ((at - gap) & this.#mask)) continue;
      this.#places[gap] = this.#places[at] as number;
      gap = at;
    }
    this.#places[gap] = 0;
  }

  #resize(places: number): void {
    const before = this.#places;
    this.#places = new Int32Array(places);
    this.#mask = places - 1;
    for (const entry of before) if (entry !== 0) this.#put(entry - 1);
  }
}
