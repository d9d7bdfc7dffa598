/**
 * What becomes of deliveries that are not in flight any more: they end, they wait to be tried again, or they are
 * parked as dead letters. `end` is the one place where deliveries end.
 */
import {
  type AgentId,
  type Deadline,
  type Deadlines,
  deadline,
  type Failure,
  failure,
  LIMITS,
} from "@agentmesh/proto";
import type { Ending, Postponed } from "@agentmesh/proto/wire";
import type { MeshEvent } from "../model/event.ts";
import type { Counters } from "../observability/counters.ts";
import type { Logger } from "../observability/logger.ts";
import type { Agent } from "./agent.ts";
import type { Backlog } from "./backlog.ts";
import type { CallDelivery, Delivery, EventDelivery } from "./delivery.ts";
import type { DurableTicket } from "./durable-ticket.ts";
import type { Namespace } from "./namespace.ts";
import { tooOftenLater } from "./retry.ts";
import { proofsFor, type Suspicion } from "./suspicion.ts";
import type { Tap } from "./tap.ts";

/** Takes what could not be handled. */
export interface DeadLetterOffice {
  park(delivery: Delivery, reason: Failure): void;
}

export interface EndingsParts {
  readonly backlog: Backlog;
  readonly deadlines: Deadlines;
  readonly counters: Counters;
  readonly logger: Logger;
  readonly deadLetters: DeadLetterOffice;
  readonly tap: Tap;
  /** Workers lost over one event before it is parked. */
  readonly crashLimit: number;
  /** The wait of a postponed delivery is over. */
  readonly onDue: (delivery: Delivery) => void;
}

export class Endings {
  readonly #parts: EndingsParts;

  constructor(parts: EndingsParts) {
    this.#parts = parts;
  }

  /** A delivery has ended. `permanent` when no other attempt can cure a failure. */
  end(delivery: Delivery, ending: Ending, permanent = false): void {
    delivery.phase = "ended";
    if (delivery.kind === "event") this.#parts.tap.watcher?.ended(delivery, ending);
    if (delivery.kind === "event" && delivery.ticket !== undefined) {
      this.#endDurable(delivery, delivery.ticket, { ending, permanent });
      return;
    }
    if (ending.kind === "failed") this.#park(delivery, ending.failure);
    if (delivery.kind === "call" && !delivery.settled) delivery.end(ending);
  }

  /** Events of a lost worker go to the next one, unless too many workers were lost over one. */
  redeliver(delivery: EventDelivery, reason: Failure, suspicion: Suspicion): void {
    if (suspicion !== "none") {
      delivery.crashes++;
      delivery.isSuspect = true;
    }
    if (suspicion === "sole" && this.#isGuilty(delivery)) {
      this.end(delivery, { kind: "failed", failure: crashLimit(delivery, reason) }, true);
      return;
    }
    delivery.ticket?.redelivered();
    this.#parts.counters.redeliveries++;
    this.#parts.backlog.add(delivery);
  }

  /** Notes another loss of which it was the sole suspect. @returns whether it is given up. */
  #isGuilty(delivery: EventDelivery): boolean {
    const { crashLimit } = this.#parts;
    delivery.proofs++;
    return delivery.crashes >= crashLimit && delivery.proofs >= proofsFor(crashLimit);
  }

  /** A delivery was not handled now: it is wanted later. Unless that is its handler's wish, nothing was attempted. */
  postpone(delivery: Delivery, { delayMs, counted }: Postponed): void {
    if (isSettledCall(delivery)) return;
    if (counted && delivery.kind === "event") return this.#handleLater(delivery, delayMs);
    delivery.attempts--;
    this.setAside(delivery, delayMs);
  }

  /** Lets a delivery wait outside of the order. */
  setAside(delivery: Delivery, delayMs: number): void {
    delivery.isPostponed = true;
    delivery.isSuspect = false;
    this.#parts.backlog.add(delivery);
    this.#parts.deadlines.arm(this.#alarmOf(delivery), delayMs);
  }

  /** An event of a durable subscription waits at the head of its lane, which stands still meanwhile. */
  retry(delivery: EventDelivery, delayMs: number): void {
    delivery.isSuspect = false;
    this.#parts.backlog.add(delivery);
    if (delivery.lane !== undefined) delivery.lane.parked = true;
    this.#parts.deadlines.arm(delivery, delayMs);
  }

  /** Takes an event of a durable subscription back that has not been shipped. @returns whether it waited. */
  takeBack(delivery: EventDelivery): boolean {
    const { lane } = delivery;
    if (delivery.phase !== "waiting" || lane === undefined) return false;
    this.#parts.deadlines.disarm(delivery);
    if (lane.first === delivery) lane.parked = false;
    this.#parts.backlog.remove(delivery);
    delivery.phase = "ended";
    return true;
  }

  /** A worker gives a delivery back that it has not started. */
  giveBack(delivery: Delivery): void {
    if (isSettledCall(delivery)) return;
    delivery.attempts--;
    this.#parts.backlog.add(delivery);
  }

  /** Nobody waits any more for a call that has not been shipped. */
  dropWaiting(call: CallDelivery): void {
    this.#parts.backlog.remove(call);
    call.phase = "ended";
    if (call.alarm !== undefined) this.#parts.deadlines.disarm(call.alarm);
    const { agent } = call;
    if (agent.waiting > 0) return;
    agent.type.waiting.delete(agent);
    agent.namespace.retire(agent);
  }

  /** Ends everything that waits for an agent whose type has gone. */
  abandonQueue(agent: Agent): void {
    const text = `the last worker of agent type ${agent.type.name} has left`;
    const reason = failure("AGENT_TYPE_UNKNOWN", text);
    for (const delivery of [...agent.queued()]) {
      // It waits for a worker, whenever one comes.
      if (delivery.kind === "event" && delivery.ticket !== undefined) continue;
      this.#parts.backlog.remove(delivery);
      if (delivery.isPostponed) this.#parts.deadlines.disarm(this.#alarmOf(delivery));
      if (delivery.kind === "call") this.end(delivery, { kind: "failed", failure: reason });
      else {
        delivery.phase = "ended";
        this.#parts.tap.watcher?.ended(delivery, { kind: "failed", failure: reason });
        this.drop(delivery.event, agent.namespace, agent.id);
      }
    }
    if (agent.waiting > 0) agent.type.waiting.add(agent);
    else agent.namespace.retire(agent);
  }

  /** No worker can take an event to an agent. */
  drop(event: MeshEvent, { name }: Namespace, target: AgentId): void {
    this.#parts.counters.eventsDropped++;
    const fields = { id: event.id, namespace: name, target: target.text };
    this.#parts.logger.emit("event.dropped", fields);
  }

  #handleLater(delivery: EventDelivery, askedMs: number): void {
    const mostMs = Math.min(askedMs, LIMITS.retryLaterMs);
    const { ticket, attempts } = delivery;
    if (ticket === undefined && attempts >= LIMITS.laterAttempts) {
      this.end(delivery, { kind: "failed", failure: tooOftenLater(attempts) });
      return;
    }
    delivery.phase = "ended";
    const delayMs = ticket === undefined ? mostMs : ticket.later(mostMs);
    if (delayMs !== undefined) this.setAside(delivery, delayMs);
  }

  #endDurable(
    delivery: EventDelivery,
    ticket: DurableTicket,
    { ending, permanent }: { ending: Ending; permanent: boolean },
  ): void {
    if (ending.kind !== "failed") {
      ticket.handled();
      return;
    }
    this.#noteAbandoned(delivery, ending.failure);
    const delayMs = ticket.failed(ending.failure, permanent);
    if (delayMs === undefined) return;
    this.#parts.counters.redeliveries++;
    this.retry(delivery, delayMs);
  }

  #park(delivery: Delivery, reason: Failure): void {
    const isAbandoned = reason.code === "TURN_ABANDONED";
    if (delivery.kind === "event" || isAbandoned) this.#parts.deadLetters.park(delivery, reason);
    this.#noteAbandoned(delivery, reason);
  }

  #noteAbandoned(delivery: Delivery, reason: Failure): void {
    if (reason.code !== "TURN_ABANDONED") return;
    const { agent, activation } = delivery;
    const fields = { namespace: agent.namespace.name, agent: agent.id.text, activation };
    this.#parts.logger.emit("turn.abandoned", fields);
  }

  #alarmOf(delivery: Delivery): Deadline {
    if (delivery.kind === "event") return delivery;
    delivery.alarm ??= deadline(() => this.#parts.onDue(delivery));
    return delivery.alarm;
  }
}

function crashLimit({ crashes }: EventDelivery, { code, text }: Failure): Failure {
  const workers = crashes === 1 ? "a worker was" : `${crashes} workers were`;
  return failure(code, `crash limit: ${workers} lost while it was handled; ${text}`);
}

function isSettledCall(delivery: Delivery): boolean {
  return delivery.kind === "call" && delivery.settled;
}
