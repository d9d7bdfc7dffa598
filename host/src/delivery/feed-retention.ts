import { type Clock, type Failure, failure, type Timer } from "@agentmesh/proto";
import type { EventDelivery } from "./delivery.ts";
import type { DurableTicket } from "./durable-ticket.ts";

/** Milliseconds between two looks at least, and at most. */
const LEAST_WAIT_MS = 100;
const MOST_WAIT_MS = 3_600_000;

interface Parts {
  readonly retentionMs: () => number;
  /** Takes an event back that has not been shipped. @returns whether it waited. */
  readonly takeBack: (delivery: EventDelivery) => boolean;
  /** It was not handled in time. */
  readonly expired: (ticket: DurableTicket, reason: Failure) => void;
}

/** Watches the events of a feed that wait: at the end of its retention each is given up. What runs may finish. */
export class FeedRetention {
  readonly #clock: Clock;
  readonly #open: ReadonlyMap<number, DurableTicket>;
  readonly #parts: Parts;
  #timer: Timer | undefined;

  constructor(clock: Clock, open: ReadonlyMap<number, DurableTicket>, parts: Parts) {
    this.#clock = clock;
    this.#open = open;
    this.#parts = parts;
  }

  /** Something is open: looks at it when its time may be over. */
  watch(): void {
    if (this.#timer !== undefined) return;
    if (this.#open.size === 0) return;
    // A lane that was behind enters old events after younger ones of others.
    let endsAt = Number.POSITIVE_INFINITY;
    for (const ticket of this.#open.values()) endsAt = Math.min(endsAt, this.#endOf(ticket));
    const leftMs = endsAt - this.#clock.unixMs();
    const waitMs = Math.max(LEAST_WAIT_MS, Math.min(MOST_WAIT_MS, leftMs));
    this.#timer = this.#clock.after(waitMs, () => this.#look());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #look(): void {
    this.#timer = undefined;
    const retentionMs = this.#parts.retentionMs();
    const now = this.#clock.unixMs();
    for (const ticket of this.#open.values()) {
      if (this.#endOf(ticket) > now) continue;
      if (!this.#parts.takeBack(ticket.delivery)) continue;
      const text = `it was not handled within the ${retentionMs} ms for which it is kept`;
      const reason = failure("DEADLINE_EXCEEDED", text, { outcome: "not-executed" });
      this.#parts.expired(ticket, reason);
    }
    this.watch();
  }

  #endOf({ delivery }: DurableTicket): number {
    return delivery.event.acceptedUnixMs + this.#parts.retentionMs();
  }
}
