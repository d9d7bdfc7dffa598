/**
 * A map from numbers that are given out in turn, for what is in flight: open addressing with linear probing, where
 * neighbours in number are neighbours in memory. V8's Map makes a new table every few dozen deletions and chains the
 * old ones, which keeps everything that was ever in them alive until the next full collection; this one allocates
 * nothing while its size is steady.
 *
 * 1. `#keys[slot]` is 0 where a slot is empty; keys are whole numbers from 1 to 2^53 - 1.
 * 2. Between the home slot of a key and the slot that it is in no slot is empty.
 * 3. At most half of the slots are taken.
 */
const LEAST_SLOTS = 16;
/** Below this a map does not shrink: what is in flight comes and goes in waves. */
const STEADY_SLOTS = 1024;

export class NumberMap<Value> {
  #keys: number[] = new Array(LEAST_SLOTS).fill(0);
  #values: (Value | undefined)[] = new Array(LEAST_SLOTS).fill(undefined);
  #mask = LEAST_SLOTS - 1;
  #size = 0;

  /** How many are in it. */
  get size(): number {
    return this.#size;
  }

  has(key: number): boolean {
    return key > 0 && this.#keys[this.#find(key)] === key;
  }

  get(key: number): Value | undefined {
    return this.#values[this.#find(key)];
  }

  set(key: number, value: Value): void {
    if (key <= 0) return;
    const slot = this.#find(key);
    if (this.#keys[slot] !== key) {
      this.#keys[slot] = key;
      this.#size++;
    }
    this.#values[slot] = value;
    if (this.#size * 2 > this.#mask) this.#resize((this.#mask + 1) * 2);
  }

  /** @returns whether it was there. */
  delete(key: number): boolean {
    const slot = this.#find(key);
    if (key <= 0 || this.#keys[slot] !== key) return false;
    this.#closeGap(slot);
    this.#size--;
    const slots = this.#mask + 1;
    if (slots > STEADY_SLOTS && this.#size * 8 < slots) this.#resize(slots / 2);
    return true;
  }

  clear(): void {
    this.#reset(LEAST_SLOTS);
  }

  /** The values, in the order of their numbers. */
  values(): Value[] {
    const entries: { readonly key: number; readonly value: Value }[] = [];
    for (let slot = 0; slot <= this.#mask; slot++) {
      const key = this.#keys[slot] as number;
      if (key !== 0) entries.push({ key, value: this.#values[slot] as Value });
    }
    return entries.sort((one, other) => one.key - other.key).map(({ value }) => value);
  }

  /** The slot of the key, or the empty one where it belongs. */
  #find(key: number): number {
    const keys = this.#keys;
    const mask = this.#mask;
    // The low bits of a number above 2^32 are kept by `&`, which is all that matters here.
    let slot = key & mask;
    while (keys[slot] !== key && keys[slot] !== 0) slot = (slot + 1) & mask;
    return slot;
  }

  /** Empties a slot and moves those behind it that would not be found any more. */
  #closeGap(from: number): void {
    const keys = this.#keys;
    const values = this.#values;
    const mask = this.#mask;
    let gap = from;
    for (let slot = (from + 1) & mask; keys[slot] !== 0; slot = (slot + 1) & mask) {
      const key = keys[slot] as number;
      const isPastHome = ((slot - key) & mask) >= ((slot - gap) & mask);
      if (!isPastHome) continue;
      keys[gap] = key;
      values[gap] = values[slot];
      gap = slot;
    }
    keys[gap] = 0;
    values[gap] = undefined;
  }

  #resize(slots: number): void {
    const keys = this.#keys;
    const values = this.#values;
    const size = this.#size;
    this.#reset(slots);
    for (let slot = 0; slot < keys.length; slot++) {
      const key = keys[slot] as number;
      if (key === 0) continue;
      const place = this.#find(key);
      this.#keys[place] = key;
      this.#values[place] = values[slot];
    }
    this.#size = size;
  }

  #reset(slots: number): void {
    this.#keys = new Array(slots).fill(0);
    this.#values = new Array(slots).fill(undefined);
    this.#mask = slots - 1;
    this.#size = 0;
  }
}
