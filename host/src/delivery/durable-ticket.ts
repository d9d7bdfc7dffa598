import type { Failure } from "@agentmesh/proto";
import type { Retry } from "../model/durable-subscription.ts";
import type { EventDelivery } from "./delivery.ts";
import type { FeedLane } from "./feed-lane.ts";

/** Who takes the events of a durable subscription from the log. */
export interface TicketOffice {
  /** What keeps its lanes apart from others of the same agent. */
  readonly laneKey: string;
  /** Whether it may be shipped now; otherwise its agent is pumped when it may. */
  admits(ticket: DurableTicket): boolean;
  /** It has left for a worker. */
  shipped(ticket: DurableTicket): void;
  /** The event was handled. */
  passed(ticket: DurableTicket): void;
  /** What is known of its attempts has changed. */
  tried(): void;
  /** It has failed. @returns milliseconds after which it is tried again; undefined when it is given up. */
  failed(ticket: DurableTicket, reason: Failure, permanent: boolean): number | undefined;
  /** Its handler wants it later. @returns after how many milliseconds; undefined when it is given up. */
  later(ticket: DurableTicket, delayMs: number): number | undefined;
}

/** What ties a delivery to the durable subscription that sends it. Delivery asks it what becomes of a failure. */
export class DurableTicket {
  readonly lane: FeedLane;
  readonly sequence: number;
  readonly delivery: EventDelivery;
  /** Attempts that have failed. */
  failures = 0;
  /** An earlier host may have shipped it, and was lost before it could note that. */
  readonly mayRepeat: boolean;
  /** When it may be tried again, in milliseconds since 1970. */
  dueUnixMs = 0;
  /** Its handler asked for it later: it waits outside of the order. */
  isAside = false;
  readonly #office: TicketOffice;
  /** Number of the lane under which it is in flight. */
  #shippedIn = 0;

  constructor(
    office: TicketOffice,
    lane: FeedLane,
    delivery: EventDelivery,
    { sequence, mayRepeat }: { sequence: number; mayRepeat: boolean },
  ) {
    this.#office = office;
    this.lane = lane;
    this.delivery = delivery;
    this.sequence = sequence;
    this.mayRepeat = mayRepeat;
  }

  /** Key of its lane, within the agent. */
  get laneKey(): string {
    return this.#office.laneKey;
  }

  /** Size of its content in bytes. */
  get bytes(): number {
    return this.delivery.event.content.length;
  }

  /** Whether it may be shipped now; otherwise its agent is pumped when it may. */
  get isAdmitted(): boolean {
    return this.#office.admits(this);
  }

  /** It has left for a worker. */
  shipped(): void {
    this.#shippedIn = this.lane.shipped();
    this.#office.shipped(this);
  }

  /** It is not in flight any more. */
  landed(): void {
    this.lane.landed(this.#shippedIn);
  }

  /** It was handled. */
  handled(): void {
    this.#office.passed(this);
  }

  /** It has failed. @returns milliseconds after which it is tried again; undefined when it is given up. */
  failed(reason: Failure, permanent: boolean): number | undefined {
    this.failures++;
    this.isAside = false;
    return this.#office.failed(this, reason, permanent);
  }

  /** Its handler wants it later. @returns after how many milliseconds; undefined when it is given up. */
  later(delayMs: number): number | undefined {
    this.failures++;
    this.isAside = true;
    return this.#office.later(this, delayMs);
  }

  /** Its worker was lost; it is delivered once more. */
  redelivered(): void {
    this.#office.tried();
  }

  /** Goes on from where an earlier host was with it. */
  resume({ attempts, failures, crashes, firstUnixMs, dueUnixMs, isAside }: Retry): void {
    this.delivery.attempts = attempts;
    this.delivery.crashes = crashes;
    this.delivery.isSuspect = crashes > 0;
    // Which of them left no other suspect is not kept; as a rule all but the first.
    this.delivery.proofs = Math.max(0, crashes - 1);
    if (firstUnixMs > 0) this.delivery.firstShippedUnixMs = firstUnixMs;
    this.failures = failures;
    this.dueUnixMs = dueUnixMs;
    this.isAside = isAside;
  }

  /** What the next host must know of its attempts; undefined when there was none. */
  retry(): Retry | undefined {
    const { sequence, failures, dueUnixMs, isAside } = this;
    const { attempts, crashes, firstShippedUnixMs, shippedUnixMs } = this.delivery;
    if (attempts === 0 && !this.mayRepeat) return undefined;
    const firstUnixMs = firstShippedUnixMs ?? (attempts > 1 ? 0 : shippedUnixMs);
    return { sequence, attempts, failures, crashes, firstUnixMs, dueUnixMs, isAside };
  }

  /** Whether more has become of it than a first attempt. */
  get wasTried(): boolean {
    return this.failures > 0 || this.delivery.crashes > 0;
  }
}
