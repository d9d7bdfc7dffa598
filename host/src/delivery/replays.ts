/**
 * Dead letters on their way again. A letter that is replayed is an event for one agent, with the id of the letter.
 *
 * R1. The store says which letters are on their way, and remembers it as long as it remembers letters. What is here are
 *     their names, and the messages of a bounded number of them.
 * R2. A letter is on its way once, however often it is asked for: the store starts only what is parked.
 * R3. A letter leaves the store when its message was handled, and is parked again when it has failed: one attempt, apart
 *     from those that ended with their worker.
 * R4. Letters to one agent are delivered in the order in which they were started.
 * R5. Who stands still holds up no other: one agent has a bounded number of its letters in memory.
 * R6. One reading of the store is under way at a time.
 */
import {
  type AgentId,
  type Clock,
  type Failure,
  failure,
  LIMITS,
  quote,
  type Timer,
  TopicId,
} from "@agentmesh/proto";
import type { DeadLetter, DeadLetterName } from "../model/dead-letter.ts";
import type { Counters } from "../observability/counters.ts";
import type { DeadLetterStore, ReplayOrder } from "../store/dead-letter-store.ts";
import type { ParkingOffice } from "./dead-letter-office.ts";
import { DurableTicket, type TicketOffice } from "./durable-ticket.ts";
import type { FeedDispatch } from "./feed-ports.ts";
import type { Namespace } from "./namespace.ts";
import { type ReplayClaim, ReplayLanes } from "./replay-lanes.ts";
import { tooOftenLater } from "./retry.ts";

/** Letters that one reading takes. */
const READ_AT_ONCE = 256;
/** Letters of an earlier host that are taken up at once. */
const RESTORED_AT_ONCE = 1_000;
/** Milliseconds after which what the store refused is tried again. */
const STORE_RETRY_MS = 1_000;
/** When too many are on their way, some may have arrived after so many milliseconds. */
const FULL_RETRY_MS = 1_000;
/** Topic type under which an agent sees the replay of a send, which had no topic; the source is the agent's key. */
const SEND_TOPIC_TYPE = "agentmesh.replay";

/** What becomes of a letter that is to be replayed. */
export type ReplayStart =
  | { readonly kind: "started" }
  /** It is on its way already, or not there any more. */
  | { readonly kind: "not-parked" }
  | { readonly kind: "refused"; readonly failure: Failure };

/** A letter with the agent that it is to be delivered to. */
export interface ReplayRequest {
  readonly letter: DeadLetter;
  readonly to: AgentId;
}

interface Parts {
  readonly clock: Clock;
  readonly store: DeadLetterStore;
  readonly dispatch: FeedDispatch;
  readonly office: Pick<ParkingOffice, "keepAgain">;
  readonly counters: Counters;
  /** Whether nothing is sent to workers any more, because the host drains. */
  readonly isPaused: () => boolean;
  readonly namespace: (name: string) => Namespace;
  /** The store refused something of a letter that is on its way; it is tried again. */
  readonly onProblem: (letter: DeadLetterName, error: unknown) => void;
}

/** A letter whose message is in a lane of its agent, or at a worker. */
interface OpenReplay {
  readonly claim: ReplayClaim;
  readonly letter: DeadLetter;
}

export class Replays implements TicketOffice {
  /** No durable subscription has an empty name. */
  readonly laneKey = "+";
  readonly #parts: Parts;
  readonly #lanes = new ReplayLanes();
  readonly #open = new Map<DurableTicket, OpenReplay>();
  readonly #timers = new Set<Timer>();
  #isReading = false;
  #phase: "open" | "ended" = "open";

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Takes up what was on its way when an earlier host ended. Rejects with `STORE_UNAVAILABLE`. */
  async restore(): Promise<void> {
    let cursor = "";
    do {
      const page = await this.#parts.store.replays(cursor, RESTORED_AT_ONCE);
      for (const replay of page.replays) this.#lanes.add({ ...replay, isInherited: true });
      cursor = page.nextCursor;
    } while (cursor !== "");
    this.#readOn();
  }

  /** Sends letters on their way, in this order. Rejects with `STORE_UNAVAILABLE`: then none is. */
  async start(requests: readonly ReplayRequest[]): Promise<readonly ReplayStart[]> {
    const outcomes: ReplayStart[] = [];
    const orders: { readonly order: ReplayOrder; readonly bytes: number; readonly at: number }[] =
      [];
    for (const [at, { letter, to }] of requests.entries()) {
      const refusal = this.#refusal(letter, to, orders.length);
      outcomes.push(refusal === undefined ? NOT_PARKED : { kind: "refused", failure: refusal });
      if (refusal !== undefined) continue;
      orders.push({ order: { letter, to }, bytes: letter.content.length, at });
    }
    const started = await this.#parts.store.startReplays(orders.map(({ order }) => order));
    for (const [index, { order, bytes, at }] of orders.entries()) {
      if (started[index] !== true) continue;
      outcomes[at] = STARTED;
      this.#lanes.add({ letter: nameOf(order.letter), to: order.to, bytes, isInherited: false });
    }
    this.#readOn();
    return outcomes;
  }

  /** Letters were removed: those that have not been shipped are not delivered. */
  forget(letters: readonly DeadLetterName[]): void {
    if (this.#open.size === 0) return;
    const removed = new Set(letters.map(textOf));
    for (const [ticket, { letter }] of this.#open) {
      if (removed.has(textOf(letter)) && this.#parts.dispatch.takeBack(ticket.delivery))
        this.#leave(ticket);
    }
  }

  /** Stops. What is on its way stays so in the store, for the next host. */
  close(): void {
    this.#phase = "ended";
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  admits(): boolean {
    return this.#phase === "open" && !this.#parts.isPaused();
  }

  shipped(): void {
    // The store knows already that it is on its way.
  }

  /** Called by a ticket: its message was handled. */
  passed(ticket: DurableTicket): void {
    this.#settle(ticket, async ({ letter }) => {
      await this.#parts.store.remove([letter]);
      this.#parts.counters.deadLettersReplayed++;
    });
  }

  /** Called by a ticket: its worker was lost, and it is delivered again. */
  tried(): void {
    // It counts its crashes itself, and a host that ends begins anew.
  }

  /** Called by a ticket: its message has failed once more. */
  failed(ticket: DurableTicket, reason: Failure): undefined {
    ticket.lane.renew();
    if (this.#phase === "ended") return;
    this.#settle(ticket, ({ letter }) =>
      this.#parts.office.keepAgain(letter, ticket.delivery, reason),
    );
  }

  /** Called by a ticket: its handler wants the message later. */
  later(ticket: DurableTicket, delayMs: number): number | undefined {
    if (this.#phase === "ended") return undefined;
    if (ticket.failures < LIMITS.laterAttempts) return delayMs;
    const reason = tooOftenLater(ticket.failures);
    this.#settle(ticket, ({ letter }) =>
      this.#parts.office.keepAgain(letter, ticket.delivery, reason),
    );
    return undefined;
  }

  #refusal(letter: DeadLetter, to: AgentId, more: number): Failure | undefined {
    if (letter.content.length === 0)
      return failure("PAYLOAD_INVALID", "nothing is left of its message");
    const type = this.#parts.namespace(letter.namespace).types.get(to.type);
    if (type?.isKnown !== true) {
      const text = `no worker announced agent type ${quote(to.type)}: start one, or name another target`;
      return failure("AGENT_TYPE_UNKNOWN", text);
    }
    if (this.#lanes.size + more < LIMITS.replays) return undefined;
    const text = `${LIMITS.replays} dead letters are on their way: wait until some were handled`;
    return failure("OVERLOADED", text, { retryAfterMs: FULL_RETRY_MS });
  }

  /** Reads for as long as there is something to read and room for it. */
  #readOn(): void {
    if (this.#isReading || this.#phase === "ended") return;
    const claims = this.#lanes.claim(READ_AT_ONCE);
    if (claims.length === 0) return;
    this.#isReading = true;
    this.#read(claims).then(
      () => {
        this.#isReading = false;
        this.#readOn();
      },
      (error) => {
        this.#lanes.giveBack(claims);
        const [first] = claims;
        if (first !== undefined) this.#parts.onProblem(first.letter, error);
        this.#later(() => {
          this.#isReading = false;
          this.#readOn();
        });
      },
    );
  }

  async #read(claims: readonly ReplayClaim[]): Promise<void> {
    const letters = await Promise.all(claims.map(({ letter }) => this.#parts.store.get(letter)));
    if (this.#phase === "ended") return;
    for (const [index, claim] of claims.entries()) {
      const letter = letters[index];
      // Somebody has removed it.
      if (letter?.replayTarget === undefined) this.#lanes.letGo(claim);
      else this.#deliver(claim, letter);
    }
  }

  #deliver(claim: ReplayClaim, letter: DeadLetter): void {
    const { to, lane, isInherited } = claim;
    const namespace = this.#parts.namespace(letter.namespace);
    const agent = namespace.agent(to, namespace.type(to.type));
    const { id, content, sender, acceptedUnixMs, attempts } = letter;
    const topic = letter.topic ?? new TopicId(SEND_TOPIC_TYPE, to.key);
    const delivery = this.#parts.dispatch.eventFor(agent, {
      ...{ id, topic, content, sender, acceptedUnixMs },
      ...{ resent: false, waiting: 0, inFlight: 0 },
    });
    delivery.attempts = attempts;
    const ticket = new DurableTicket(this, lane, delivery, {
      sequence: id,
      mayRepeat: isInherited,
    });
    delivery.ticket = ticket;
    this.#open.set(ticket, { claim, letter });
    if (content.length > 0) this.#parts.dispatch.dispatchDurable(delivery);
    else this.failed(ticket, letter.failure);
  }

  /** Writes what has become of a letter, until the store takes it. */
  #settle(ticket: DurableTicket, write: (open: OpenReplay) => Promise<void>): void {
    const open = this.#open.get(ticket);
    if (open === undefined) return;
    write(open).then(
      () => this.#leave(ticket),
      (error) => {
        this.#parts.onProblem(open.letter, error);
        this.#later(() => this.#settle(ticket, write));
      },
    );
  }

  #leave(ticket: DurableTicket): void {
    const open = this.#open.get(ticket);
    if (open === undefined) return;
    this.#open.delete(ticket);
    this.#lanes.letGo(open.claim);
    this.#readOn();
  }

  #later(run: () => void): void {
    if (this.#phase === "ended") return;
    const timer = this.#parts.clock.after(STORE_RETRY_MS, () => {
      this.#timers.delete(timer);
      run();
    });
    this.#timers.add(timer);
  }
}

const STARTED: ReplayStart = { kind: "started" };
const NOT_PARKED: ReplayStart = { kind: "not-parked" };

function nameOf({ namespace, id, target, subscription }: DeadLetterName): DeadLetterName {
  return { namespace, id, target, subscription };
}

function textOf({ namespace, id, target, subscription }: DeadLetterName): string {
  return `${namespace}/${id}/${subscription}/${target.text}`;
}
