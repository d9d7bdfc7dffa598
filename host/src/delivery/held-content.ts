import type { MeshEvent } from "../model/event.ts";
import type { Delivery } from "./delivery.ts";

/**
 * Bytes of content that the host keeps for one reason: for what waits, or for what is in flight and may have to be
 * delivered again. An event counts once, whatever the number of its deliveries.
 */
export class HeldContent {
  readonly #reason: "waiting" | "inFlight";
  readonly #limitBytes: number;
  #bytes = 0;

  constructor(reason: "waiting" | "inFlight", limitBytes: number) {
    this.#reason = reason;
    this.#limitBytes = limitBytes;
  }

  /** Whether it is as much as may be. */
  get isFull(): boolean {
    return this.#bytes >= this.#limitBytes;
  }

  /** Keeps the content of a delivery. */
  hold(delivery: Delivery): void {
    if (delivery.kind === "event") this.holdEvent(delivery.event);
    else this.#bytes += delivery.content.length;
  }

  /** Keeps it no longer, as far as this delivery goes. */
  letGo(delivery: Delivery): void {
    if (delivery.kind === "event") this.letGoEvent(delivery.event);
    else this.#bytes -= delivery.content.length;
  }

  /** As {@link hold}, for an event that has no deliveries yet. */
  holdEvent(event: MeshEvent): void {
    if (event[this.#reason] === 0) this.#bytes += event.content.length;
    event[this.#reason]++;
  }

  /** As {@link letGo}, for an event that had no deliveries. */
  letGoEvent(event: MeshEvent): void {
    event[this.#reason]--;
    if (event[this.#reason] === 0) this.#bytes -= event.content.length;
  }
}
