import type { Delivery } from "./delivery.ts";

/** All deliveries that wait at the host: moves them into and out of the lanes of their agents, and counts them. */
export class Backlog {
  #size = 0;
  #bytes = 0;

  /** Deliveries that wait. */
  get size(): number {
    return this.#size;
  }

  /** Bytes of their content. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Lets a delivery wait, at the place that its order gives it. */
  add(delivery: Delivery): void {
    delivery.agent.enqueue(delivery);
    delivery.settleIn();
    this.#size++;
    this.#bytes += delivery.content.length;
  }

  /** Takes a delivery out. */
  remove(delivery: Delivery): void {
    delivery.agent.dequeue(delivery);
    this.#size--;
    this.#bytes -= delivery.content.length;
  }
}
