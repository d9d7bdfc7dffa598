/**
 * A map from numbers that are given out in turn, for what is in flight: a table with one place for each number, where
 * neighbours in number are neighbours in memory and nothing is ever searched for. V8's Map makes a new table every few
 * dozen deletions and chains the old ones, which keeps everything that was ever in them alive until the next full
 * collection; this one allocates nothing while its size is steady.
 *
 * 1. Keys are whole numbers from 1 to 2^53 - 1; the place of a key is `key & #mask`, and 0 marks an empty place.
 * 2. A key whose place was taken by a later one is in `#displaced`: something that stays while thousands pass by.
 * 3. At most half of the places are taken.
 */
const LEAST_PLACES = 16;
/** Below this a table does not shrink: what is in flight comes and goes in waves. */
const STEADY_PLACES = 8192;

export class NumberMap<Value> {
  #keys: number[] = new Array(LEAST_PLACES).fill(0);
  #values: (Value | undefined)[] = new Array(LEAST_PLACES).fill(undefined);
  #mask = LEAST_PLACES - 1;
  /** How many are in the table. */
  #placed = 0;
  readonly #displaced = new Map<number, Value>();

  /** How many are in it. */
  get size(): number {
    return this.#placed + this.#displaced.size;
  }

  has(key: number): boolean {
    if (key <= 0) return false;
    // The low bits of a number above 2^32 are kept by `&`, which is all that matters here.
    return this.#keys[key & this.#mask] === key || this.#displaced.has(key);
  }

  get(key: number): Value | undefined {
    const place = key & this.#mask;
    if (this.#keys[place] === key) return this.#values[place];
    return this.#displaced.size === 0 ? undefined : this.#displaced.get(key);
  }

  set(key: number, value: Value): void {
    if (key <= 0) return;
    const place = key & this.#mask;
    const holder = this.#keys[place] as number;
    if (holder !== key) {
      if (this.#displaced.size > 0) this.#displaced.delete(key);
      if (holder === 0) this.#placed++;
      else this.#displaced.set(holder, this.#values[place] as Value);
      this.#keys[place] = key;
    }
    this.#values[place] = value;
    if (this.#placed * 2 > this.#mask) this.#resize((this.#mask + 1) * 2);
  }

  /** @returns whether it was there. */
  delete(key: number): boolean {
    const place = key & this.#mask;
    if (key <= 0 || this.#keys[place] !== key) return this.#displaced.delete(key);
    this.#keys[place] = 0;
    this.#values[place] = undefined;
    this.#placed--;
    const places = this.#mask + 1;
    if (places > STEADY_PLACES && this.#placed * 8 < places) this.#resize(places / 2);
    return true;
  }

  clear(): void {
    this.#displaced.clear();
    this.#reset(LEAST_PLACES);
  }

  /** The values, in the order of their numbers. */
  values(): Value[] {
    const entries = [...this.#displaced];
    for (let place = 0; place <= this.#mask; place++) {
      const key = this.#keys[place] as number;
      if (key !== 0) entries.push([key, this.#values[place] as Value]);
    }
    return entries.sort(([one], [other]) => one - other).map(([, value]) => value);
  }

  #resize(places: number): void {
    const keys = this.#keys;
    const values = this.#values;
    this.#reset(places);
    for (let place = 0; place < keys.length; place++) {
      const key = keys[place] as number;
      if (key !== 0) this.set(key, values[place] as Value);
    }
  }

  #reset(places: number): void {
    this.#keys = new Array(places).fill(0);
    this.#values = new Array(places).fill(undefined);
    this.#mask = places - 1;
    this.#placed = 0;
  }
}
