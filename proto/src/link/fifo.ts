/**
 * A queue as a ring: what it costs does not depend on its length, and a steady one allocates nothing.
 *
 * 1. The items are in `#size` slots from `#head` on, around the end; every other slot is undefined.
 * 2. The number of slots is a power of two.
 */
const LEAST_SLOTS = 16;
/** Below this a ring does not shrink: queues fill and empty in waves. */
const STEADY_SLOTS = 1024;

export class Fifo<Item> {
  #slots: (Item | undefined)[] = new Array(LEAST_SLOTS).fill(undefined);
  #head = 0;
  #size = 0;

  /** How many wait. */
  get length(): number {
    return this.#size;
  }

  /** The oldest one. */
  get first(): Item | undefined {
    return this.#slots[this.#head];
  }

  /** The one with `index` older ones before it. */
  at(index: number): Item | undefined {
    if (index >= this.#size) return undefined;
    return this.#slots[(this.#head + index) & (this.#slots.length - 1)];
  }

  push(item: Item): void {
    if (this.#size === this.#slots.length) this.#resize(this.#size * 2);
    this.#slots[(this.#head + this.#size) & (this.#slots.length - 1)] = item;
    this.#size++;
  }

  /** Takes the oldest one. */
  shift(): Item | undefined {
    if (this.#size === 0) return undefined;
    const item = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.#size--;
    const slots = this.#slots.length;
    if (slots > STEADY_SLOTS && this.#size * 8 < slots) this.#resize(slots / 2);
    return item;
  }

  /** Takes all, oldest first. */
  drain(): Item[] {
    const items: Item[] = [];
    for (let item = this.shift(); item !== undefined; item = this.shift()) items.push(item);
    return items;
  }

  #resize(slots: number): void {
    const resized = new Array<Item | undefined>(slots).fill(undefined);
    for (let index = 0; index < this.#size; index++) resized[index] = this.at(index);
    this.#slots = resized;
    this.#head = 0;
  }
}
