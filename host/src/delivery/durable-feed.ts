/**
 * One durable subscription at work: takes its events from the log into the lanes of its agents, in bounded windows, and
 * keeps where it is. What it holds in memory is never the only copy.
 *
 * F1. Every event of the subscription up to `#through` is past, in `#open`, or in a lane of `#behind`.
 * F2. `#open` holds at most as many events as the windows allow; a lane that has its share is noted in `#behind` and
 *     goes on from the log later, while other lanes pass it.
 * F3. Events of one lane enter it in the order of their sequences. After a failure none of it leaves before those have
 *     come back that had left behind the one that has failed.
 * F4. An event leaves `#open` when it was handled, or when its dead letter is kept; only then the stored position
 *     passes it.
 * F5. One reading of the log is under way at a time.
 * F6. What the stored position says was never delivered never was: see `Offers`.
 */
import { AgentId, type Failure, failure, LIMITS } from "@agentmesh/proto";
import type { DurableSubscription, Position, Retry } from "../model/durable-subscription.ts";
import type { MeshEvent } from "../model/event.ts";
import type { LoggedEvent, PositionRecord } from "../store/ports.ts";
import { ONLY_PARTITION } from "../store/ports.ts";
import type { EventDelivery } from "./delivery.ts";
import { DurableTicket, type TicketOffice } from "./durable-ticket.ts";
import { FeedLane } from "./feed-lane.ts";
import type { FeedParts } from "./feed-ports.ts";
import { FeedProgress } from "./feed-progress.ts";
import { FeedRetention } from "./feed-retention.ts";
import type { Namespace } from "./namespace.ts";
import { Offers } from "./offers.ts";
import { retryDelay, tooOftenLater } from "./retry.ts";

/** Events that one reading takes. */
const READ_AT_ONCE = 256;

/** What is known of an event beside itself when it enters its lane. */
interface Entry {
  readonly sequence: number;
  readonly retry?: Retry | undefined;
  /** It cannot be delivered, because the log has lost its content. */
  readonly damage?: string | undefined;
}

export class DurableFeed implements TicketOffice {
  readonly laneKey: string;
  subscription: DurableSubscription;
  revision: number;
  readonly #namespace: Namespace;
  readonly #parts: FeedParts;
  readonly #open = new Map<number, DurableTicket>();
  readonly #lanes = new Map<string, FeedLane>();
  readonly #behind = new Map<string, number>();
  /** What was open when an earlier host ended and is not read again yet, with what is known of it. */
  readonly #former: Map<number, Retry | undefined>;
  readonly #progress: FeedProgress;
  readonly #retention: FeedRetention;
  readonly #offers: Offers;
  #openBytes = 0;
  #through: number;
  /** Sequence of the last event that is known to be for this subscription. */
  #known: number;
  #isReading = false;
  #phase: "open" | "ended" = "open";

  constructor(
    init: {
      namespace: Namespace;
      subscription: DurableSubscription;
      revision: number;
      saved: PositionRecord;
      /** Sequence of the last event in the log. */
      last: number;
    },
    parts: FeedParts,
  ) {
    this.#namespace = init.namespace;
    this.subscription = init.subscription;
    this.revision = init.revision;
    // No topic type begins with a plus.
    this.laneKey = `+${init.subscription.name}`;
    this.#known = init.last;
    this.#parts = parts;
    const { through, open, retries, behind, offered } = init.saved.position;
    this.#offers = new Offers(offered, init.last);
    this.#through = through;
    this.#former = new Map(open.map((sequence) => [sequence, undefined]));
    for (const retry of retries) this.#former.set(retry.sequence, retry);
    for (const { key, from } of behind) this.#behind.set(key, from);
    this.#progress = new FeedProgress(init.saved, {
      ...parts,
      position: () => this.#position(),
      onStored: ({ offered: mark }) => this.#stored(mark),
      write: (moved) => parts.store.subscriptions.advance(this.subscription, ONLY_PARTITION, moved),
      onProblem: (error) => parts.onProblem(this.subscription, error),
    });
    this.#retention = new FeedRetention(parts.clock, this.#open, {
      retentionMs: () => this.subscription.terms.retentionMs,
      takeBack: (delivery) => parts.dispatch.takeBack(delivery),
      expired: (ticket, reason) => this.#giveUp(ticket, reason),
    });
  }

  /** Everything up to this sequence is past, and stored as such. */
  get past(): number {
    return this.#progress.past;
  }

  /** Where it is now; what is stored follows. */
  get position(): Position {
    return this.#position();
  }

  /** Sequence of the last event that is known to be for this subscription, or past it. */
  get known(): number {
    return this.#known;
  }

  /**
   * Every event up to this sequence that is for the subscription has been offered: one that has nothing to do is past
   * them all, so that what it never wanted is not kept for it.
   */
  catchUp(sequence: number): void {
    const isBusy = this.#open.size + this.#former.size + this.#behind.size > 0 || this.#isReading;
    if (isBusy || this.#known > this.#through || sequence <= this.#through) return;
    [this.#through, this.#known] = [sequence, sequence];
    this.#progress.touch();
  }

  /** Takes up what was open, then what has come since. */
  start(): void {
    this.#readOn();
  }

  /** An event of the subscription is in the log. Called in the order of sequences. */
  offer(event: MeshEvent, sequence: number): void {
    if (this.#phase === "ended" || sequence <= this.#through) return;
    const isNext = this.#known <= this.#through && !this.#isReading && this.#former.size === 0;
    this.#known = sequence;
    if (isNext && this.#take(event, sequence)) this.#through = sequence;
    else this.#readOn();
    this.#progress.touch();
  }

  /** The subscription has other options from now on; what is in lanes stays there. */
  change(subscription: DurableSubscription, revision: number): void {
    this.subscription = subscription;
    this.revision = revision;
  }

  /** Writes the position for the last time and stops. */
  async close(): Promise<void> {
    this.#phase = "ended";
    this.#retention.stop();
    await this.#progress.close();
    this.#takeBackAll();
  }

  /** The subscription is over: its events that were not shipped go. */
  end(): void {
    this.#phase = "ended";
    this.#retention.stop();
    this.#progress.stop();
    this.#takeBackAll();
  }

  #takeBackAll(): void {
    for (const { delivery } of this.#open.values()) this.#parts.dispatch.takeBack(delivery);
    this.#open.clear();
  }

  admits({ sequence, delivery }: DurableTicket): boolean {
    if (this.#phase === "ended" || this.#parts.isPaused()) return false;
    const isAdmitted = this.#offers.admits(sequence, delivery.agent);
    if (!isAdmitted && this.#offers.isBeyond(sequence)) this.#progress.hurry();
    return isAdmitted;
  }

  shipped({ sequence }: DurableTicket): void {
    this.#offers.shipped(sequence);
  }

  /** Called by a ticket: its event was handled, or its dead letter is kept. */
  passed(ticket: DurableTicket): void {
    if (!this.#open.delete(ticket.sequence)) return;
    const { lane } = ticket;
    lane.size--;
    this.#openBytes -= ticket.bytes;
    if (lane.size === 0) this.#lanes.delete(lane.key);
    this.#progress.touch();
    this.#readOn();
  }

  /** Called by a ticket: it has failed or was lost once more, which is kept with the position. */
  tried(): void {
    this.#progress.touch();
  }

  /** Called by a ticket. @returns milliseconds until the next attempt; undefined when there is none. */
  failed(ticket: DurableTicket, reason: Failure, permanent: boolean): number | undefined {
    if (this.#phase === "ended") return undefined;
    ticket.lane.renew();
    const ageMs = this.#parts.clock.unixMs() - ticket.delivery.event.acceptedUnixMs;
    const { failures } = ticket;
    const delay = retryDelay(this.subscription.terms, { failures, permanent, ageMs });
    if (delay === undefined) this.#giveUp(ticket, reason);
    else ticket.dueUnixMs = this.#parts.clock.unixMs() + delay;
    this.#progress.touch();
    return delay;
  }

  /** Called by a ticket. @returns milliseconds until its handler gets it again; undefined when it does not. */
  later(ticket: DurableTicket, delayMs: number): number | undefined {
    if (this.#phase === "ended") return undefined;
    this.#progress.touch();
    ticket.dueUnixMs = this.#parts.clock.unixMs() + delayMs;
    if (ticket.failures < this.subscription.terms.maxAttempts) return delayMs;
    this.#giveUp(ticket, tooOftenLater(ticket.failures));
    return undefined;
  }

  /** The event is a dead letter: when that is kept, it is past. */
  #giveUp(ticket: DurableTicket, reason: Failure): void {
    this.#parts.park(ticket.delivery, reason, this.subscription.name).then(
      () => this.passed(ticket),
      (error) => {
        this.#parts.onProblem(this.subscription, error);
        this.#progress.later(() => this.#giveUp(ticket, reason));
      },
    );
  }

  get #hasRoom(): boolean {
    return this.#open.size < LIMITS.openEvents && this.#openBytes < LIMITS.openEventBytes;
  }

  /** Puts an event into its lane, or notes that its lane is behind. @returns false when there is no room for either. */
  #take(event: MeshEvent, sequence: number, damage?: string): boolean {
    const id = new AgentId(this.subscription.agentType, event.topic.source);
    // Who publishes does not receive.
    if (event.sender?.equals(id) === true || this.#behind.has(id.key)) return true;
    if (!this.#hasRoom) return false;
    const lane = this.#lane(id.key);
    if (lane.size >= LIMITS.openEventsPerLane) {
      if (this.#behind.size >= LIMITS.lanesBehind) return false;
      this.#behind.set(id.key, sequence);
      return true;
    }
    this.#enter(lane, this.#deliveryOf(id, event), { sequence, damage });
    return true;
  }

  #deliveryOf(id: AgentId, event: MeshEvent): EventDelivery {
    const agent = this.#namespace.agent(id, this.#namespace.type(id.type));
    return this.#parts.dispatch.eventFor(agent, event);
  }

  #enter(lane: FeedLane, delivery: EventDelivery, { sequence, retry, damage }: Entry): void {
    const mayRepeat = retry?.attempts === 0 || this.#offers.mayRepeat(sequence);
    const ticket = new DurableTicket(this, lane, delivery, { sequence, mayRepeat });
    if (retry !== undefined) ticket.resume(retry);
    delivery.ticket = ticket;
    this.#open.set(sequence, ticket);
    lane.size++;
    this.#openBytes += ticket.bytes;
    this.#retention.watch();
    if (damage !== undefined) {
      this.#giveUp(ticket, failure("PAYLOAD_INVALID", damage));
      return;
    }
    const waitMs = ticket.dueUnixMs - this.#parts.clock.unixMs();
    if (waitMs > 0 && ticket.isAside) this.#parts.dispatch.setAside(delivery, waitMs);
    else if (waitMs > 0) this.#parts.dispatch.retry(delivery, waitMs);
    else this.#parts.dispatch.dispatchDurable(delivery);
  }

  #lane(key: string): FeedLane {
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = new FeedLane(key);
      this.#lanes.set(key, lane);
    }
    return lane;
  }

  /** Reads for as long as there is something to read and room for it. */
  #readOn(): void {
    const read = this.#isReading ? undefined : this.#nextReading();
    if (read === undefined) return;
    this.#isReading = true;
    read().then(
      () => {
        this.#isReading = false;
        this.#readOn();
      },
      (error) => {
        this.#parts.onProblem(this.subscription, error);
        this.#progress.later(() => {
          this.#isReading = false;
          this.#readOn();
        });
      },
    );
  }

  #nextReading(): (() => Promise<void>) | undefined {
    if (this.#phase === "ended") return undefined;
    if (this.#former.size > 0) return () => this.#readFormer();
    if (!this.#hasRoom) return undefined;
    for (const [key, from] of this.#behind) {
      const size = this.#lanes.get(key)?.size ?? 0;
      if (size <= LIMITS.openEventsPerLane / 2) return () => this.#readLane(key, from);
    }
    const mayRead = this.#through < this.#known && this.#behind.size < LIMITS.lanesBehind;
    return mayRead ? () => this.#readNext() : undefined;
  }

  /** Reads what was open when an earlier host ended. */
  async #readFormer(): Promise<void> {
    const first = Math.min(...this.#former.keys());
    const page = await this.#read({ after: first - 1, through: this.#through });
    if (this.#phase === "ended") return;
    for (const logged of page.events) {
      const { sequence, damage } = logged;
      if (!this.#former.has(sequence)) continue;
      const id = new AgentId(this.subscription.agentType, logged.event.topic.source);
      const retry = this.#former.get(sequence);
      this.#former.delete(sequence);
      const delivery = this.#deliveryOf(id, onItsWay(logged));
      this.#enter(this.#lane(id.key), delivery, { sequence, retry, damage });
    }
    // What is not there any more cannot be read again either.
    for (const sequence of this.#former.keys()) {
      if (sequence <= page.through) this.#former.delete(sequence);
    }
  }

  async #readNext(): Promise<void> {
    const page = await this.#read({ after: this.#through, through: this.#known });
    if (this.#phase === "ended") return;
    for (const logged of page.events) {
      if (!this.#take(onItsWay(logged), logged.sequence, logged.damage)) return;
      this.#through = logged.sequence;
    }
    this.#through = page.through;
  }

  async #readLane(key: string, from: number): Promise<void> {
    const through = this.#through;
    const page = await this.#read({ after: from - 1, through, source: key });
    if (this.#phase === "ended") return;
    this.#behind.delete(key);
    for (const logged of page.events) {
      // It puts the lane behind again when it is full.
      const { sequence, damage } = logged;
      if (!this.#behind.has(key) && !this.#take(onItsWay(logged), sequence, damage)) {
        this.#behind.set(key, sequence);
      }
    }
    const isThrough = page.through >= through && through === this.#through;
    if (!isThrough && !this.#behind.has(key)) this.#behind.set(key, page.through + 1);
    this.#progress.touch();
  }

  #read(part: { after: number; through: number; source?: string }) {
    const { namespace, match } = this.subscription;
    const query = { namespace, match, limit: READ_AT_ONCE, ...part };
    return this.#parts.store.events.read(ONLY_PARTITION, query);
  }

  #stored(mark: number): void {
    for (const agent of this.#offers.stored(mark)) this.#parts.dispatch.proceed(agent);
    this.#parts.onAdvanced();
  }

  /** What is to be stored of the offers. Nothing is offered after the end: then each one that was is told by itself. */
  #offered(): number {
    const isAllTold = this.#former.size === 0 && this.#behind.size === 0;
    if (this.#phase === "ended" && isAllTold) return this.#offers.leave(this.#through);
    const type = this.#namespace.types.get(this.subscription.agentType);
    const isServed = this.#phase === "open" && type?.isKnown === true;
    return this.#offers.next(this.#known, isServed);
  }

  #position(): Position {
    const isLast = this.#phase === "ended";
    const retries = [...this.#former.values()].filter((retry) => retry !== undefined);
    for (const ticket of this.#open.values()) {
      const retry = isLast || ticket.wasTried ? ticket.retry() : undefined;
      if (retry !== undefined) retries.push(retry);
    }
    return {
      through: this.#through,
      open: [...this.#former.keys(), ...this.#open.keys()],
      retries,
      offered: this.#offered(),
      behind: Array.from(this.#behind, ([key, from]) => ({ key, from })),
    };
  }
}

function onItsWay({ event }: LoggedEvent): MeshEvent {
  return { ...event, waiting: 0, inFlight: 0 };
}
