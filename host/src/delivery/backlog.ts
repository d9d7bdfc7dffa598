import type { Delivery } from "./delivery.ts";
import { HeldContent } from "./held-content.ts";

/** All deliveries that wait at the host: moves them into and out of the lanes of their agents, and counts them. */
export class Backlog {
  readonly held: HeldContent;
  #size = 0;

  constructor(limitBytes: number) {
    this.held = new HeldContent("waiting", limitBytes);
  }

  /** Deliveries that wait. */
  get size(): number {
    return this.#size;
  }

  /** Lets a delivery wait, at the place that its order gives it. */
  add(delivery: Delivery): void {
    delivery.agent.enqueue(delivery);
    delivery.settleIn();
    this.#size++;
    this.held.hold(delivery);
  }

  /** Takes a delivery out. */
  remove(delivery: Delivery): void {
    delivery.agent.dequeue(delivery);
    this.#size--;
    this.held.letGo(delivery);
  }
}
