import type { Delivery } from "./delivery.ts";

/**
 * Deliveries of one order, oldest first: a doubly linked list through the deliveries themselves, so that one that is
 * cancelled leaves at once and one that comes back finds its place.
 */
export class Lane {
  /** What keeps it apart from other lanes of a durable subscription; undefined when it is none. */
  readonly key: string | undefined;
  /** Nothing of the lane is shipped before the wait of its postponed delivery is over. */
  parked = false;
  #first: Delivery | undefined;
  #last: Delivery | undefined;

  constructor(key?: string) {
    this.key = key;
  }

  get first(): Delivery | undefined {
    return this.#first;
  }

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  /** Puts a delivery where its order belongs: nearly always at the end. */
  insert(delivery: Delivery): void {
    let before = this.#last;
    while (before !== undefined && before.order > delivery.order) before = before.ahead;
    const after = before === undefined ? this.#first : before.behind;
    delivery.ahead = before;
    delivery.behind = after;
    if (before === undefined) this.#first = delivery;
    else before.behind = delivery;
    if (after === undefined) this.#last = delivery;
    else after.ahead = delivery;
  }

  /** Takes a delivery out, wherever it is. */
  remove(delivery: Delivery): void {
    const { ahead, behind } = delivery;
    if (ahead === undefined) this.#first = behind;
    else ahead.behind = behind;
    if (behind === undefined) this.#last = ahead;
    else behind.ahead = ahead;
    delivery.ahead = undefined;
    delivery.behind = undefined;
  }
}
