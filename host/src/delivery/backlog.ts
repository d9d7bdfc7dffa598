import type { Delivery } from "./delivery.ts";
import { HeldContent } from "./held-content.ts";

/** All deliveries that wait at the host: moves them into and out of the lanes of their agents, and counts them. */
export class Backlog {
  readonly held: HeldContent;
  #size = 0;
  /** Those that the store has: the next host delivers them. */
  #stored = 0;

  constructor(limitBytes: number) {
    this.held = new HeldContent("waiting", limitBytes);
  }

  /** Deliveries that wait. */
  get size(): number {
    return this.#size;
  }

  /** Deliveries that wait and would be lost with this host. */
  get unstored(): number {
    return this.#size - this.#stored;
  }

  /** Lets a delivery wait, at the place that its order gives it. */
  add(delivery: Delivery): void {
    delivery.agent.enqueue(delivery);
    delivery.settleIn();
    this.#size++;
    if (isStored(delivery)) this.#stored++;
    this.held.hold(delivery);
  }

  /** Takes a delivery out. */
  remove(delivery: Delivery): void {
    delivery.agent.dequeue(delivery);
    this.#size--;
    if (isStored(delivery)) this.#stored--;
    this.held.letGo(delivery);
  }
}

function isStored(delivery: Delivery): boolean {
  return delivery.kind === "event" && delivery.ticket !== undefined;
}
