import type { Failure } from "@agentmesh/proto";
import type { Retry } from "../model/durable-subscription.ts";
import type { EventDelivery } from "./delivery.ts";

/** The events of one agent that a feed has in memory. */
export interface FeedLane {
  readonly key: string;
  /** Number for the worker, which no other lane has. It is another one after a failure: see `EventTarget.lane`. */
  number: number;
  size: number;
}

let lastLane = 0;

/** A number that no lane had before. */
export function nextLane(): number {
  lastLane++;
  return lastLane;
}

/** Who takes the events of a durable subscription from the log. */
export interface TicketOffice {
  /** What keeps its lanes apart from others of the same agent. */
  readonly laneKey: string;
  /** The event was handled. */
  passed(ticket: DurableTicket): void;
  /** What is known of its attempts has changed. */
  tried(): void;
  /** It has failed. @returns milliseconds after which it is tried again; undefined when it is given up. */
  failed(ticket: DurableTicket, reason: Failure, permanent: boolean): number | undefined;
}

/** What ties a delivery to the durable subscription that sends it. Delivery asks it what becomes of a failure. */
export class DurableTicket {
  readonly lane: FeedLane;
  readonly sequence: number;
  readonly delivery: EventDelivery;
  /** Attempts that have failed. */
  failures = 0;
  /** When it was first shipped, in milliseconds since 1970; 0 when it was not. */
  firstUnixMs = 0;
  /** When it may be tried again, in milliseconds since 1970. */
  dueUnixMs = 0;
  readonly #office: TicketOffice;

  constructor(office: TicketOffice, lane: FeedLane, delivery: EventDelivery, sequence: number) {
    this.#office = office;
    this.lane = lane;
    this.delivery = delivery;
    this.sequence = sequence;
  }

  /** Key of its lane, within the agent. */
  get laneKey(): string {
    return this.#office.laneKey;
  }

  /** Size of its content in bytes. */
  get bytes(): number {
    return this.delivery.event.content.length;
  }

  /** It was handled. */
  handled(): void {
    this.#office.passed(this);
  }

  /** It has failed. @returns milliseconds after which it is tried again; undefined when it is given up. */
  failed(reason: Failure, permanent: boolean): number | undefined {
    this.failures++;
    return this.#office.failed(this, reason, permanent);
  }

  /** Its worker was lost; it is delivered once more. */
  redelivered(): void {
    this.#office.tried();
  }

  /** Goes on from where an earlier host was with it. */
  resume({ attempt, failures, crashes, firstUnixMs, dueUnixMs }: Retry): void {
    // The attempt of then may have begun as well.
    this.delivery.attempt = attempt + 1;
    this.delivery.crashes = crashes;
    this.failures = failures;
    this.firstUnixMs = firstUnixMs;
    this.dueUnixMs = dueUnixMs;
  }

  /** What an earlier attempt has left behind; undefined when there was none. */
  retry(): Retry | undefined {
    const { sequence, failures, firstUnixMs, dueUnixMs } = this;
    const { attempt, crashes } = this.delivery;
    if (failures === 0 && crashes === 0) return undefined;
    return { sequence, attempt, failures, crashes, firstUnixMs, dueUnixMs };
  }
}
