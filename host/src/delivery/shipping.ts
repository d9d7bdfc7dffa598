/**
 * Ships deliveries: decides for each whether it may leave now, and lets it wait for the right thing otherwise.
 *
 * Roots wait for their worker to be open, for room in their agent's window and for their worker's credit, in this
 * order. Nested calls wait for the worker to be open and for nothing else, so that turns that wait for them can end.
 * A suspect waits until its worker has no other suspect in flight, and its agent nothing at all; until its end, its agent
 * gets nothing more. An event of a durable subscription waits until the store knows that it may have been shipped.
 */
import { type Clock, failure } from "@agentmesh/proto";
import type { Counters } from "../observability/counters.ts";
import type { Activations } from "./activations.ts";
import type { Agent } from "./agent.ts";
import type { Backlog } from "./backlog.ts";
import type { CallDelivery, Delivery, EventDelivery } from "./delivery.ts";
import type { HeldContent } from "./held-content.ts";
import type { Tap } from "./tap.ts";
import type { TurnWatch } from "./turn-watch.ts";
import type { Worker } from "./worker.ts";

/** When a delivery may leave; `never` is for nested calls above the hard cap. */
type Leave =
  | "now"
  | "when-open"
  | "after-an-end"
  | "after-the-suspect"
  | "with-credit"
  | "when-noted"
  | "never";

interface ShippingParts {
  readonly clock: Clock;
  readonly activations: Activations;
  readonly backlog: Backlog;
  readonly inFlight: HeldContent;
  readonly turns: TurnWatch;
  readonly counters: Counters;
  readonly tap: Tap;
  /** Deliveries with ancestors in flight to one worker. */
  readonly nestedInFlight: number;
}

export class Shipping {
  readonly #parts: ShippingParts;
  /** While an event is fanned out: its deliveries that were shipped, by worker. */
  #fanOut: Map<Worker, EventDelivery[]> | undefined = undefined;

  constructor(parts: ShippingParts) {
    this.#parts = parts;
  }

  /** Ships a delivery that has not waited yet, when nothing waits before it and its worker has room. */
  tryShip(delivery: Delivery): boolean {
    const { agent } = delivery;
    if (agent.waiting > 0 && !delivery.isNested) return false;
    const worker = this.#parts.activations.workerFor(agent, delivery.isNested);
    if (worker === undefined || this.#mayLeave(delivery, agent, worker) !== "now") return false;
    this.#ship(delivery, agent, worker);
    return true;
  }

  /** Ships what the agent has waiting, as far as its worker takes it. */
  pump(agent: Agent): void {
    for (let delivery = agent.next(); delivery !== undefined; delivery = agent.next()) {
      if (this.#isLate(delivery)) {
        delivery.expire();
        continue;
      }
      const worker = this.#parts.activations.workerFor(agent, delivery.isNested);
      if (worker === undefined) {
        agent.type.waiting.add(agent);
        return;
      }
      if (!this.#shipWaiting(delivery, agent, worker)) return;
    }
    agent.namespace.retire(agent);
  }

  /** A delivery is not in flight any more. */
  land(worker: Worker, delivery: Delivery): void {
    const { agent } = delivery;
    worker.give(delivery);
    this.#parts.inFlight.letGo(delivery);
    agent.inFlight--;
    if (!delivery.isNested) agent.rootsInFlight--;
    this.#parts.turns.landed(agent);
  }

  /** Gives a worker's credit to the agents that wait for it, in turn. */
  serve(worker: Worker): void {
    if (worker.inDoubt.size > 0) this.#serveInDoubt(worker);
    while (worker.hasCredit) {
      const agent = worker.nextReady();
      if (agent === undefined) return;
      if (agent.worker === worker) this.pump(agent);
    }
  }

  #serveInDoubt(worker: Worker): void {
    let agent = worker.nextInDoubt();
    while (agent !== undefined) {
      if (agent.worker === worker) this.pump(agent);
      agent = worker.nextInDoubt();
    }
  }

  /** Collects what `ship` ships of one event, so that each worker gets the event once. */
  fanOut(ship: () => void): void {
    const shipped = new Map<Worker, EventDelivery[]>();
    this.#fanOut = shipped;
    try {
      ship();
    } finally {
      this.#fanOut = undefined;
    }
    for (const [worker, deliveries] of shipped) worker.sink.deliverEvent(deliveries);
  }

  #shipWaiting(delivery: Delivery, agent: Agent, worker: Worker): boolean {
    switch (this.#mayLeave(delivery, agent, worker)) {
      case "now":
        this.#parts.backlog.remove(delivery);
        this.#ship(delivery, agent, worker);
        return true;
      case "when-open":
        worker.held.add(agent);
        return false;
      case "after-the-suspect":
        worker.inDoubt.add(agent);
        return false;
      case "with-credit":
        worker.waitForCredit(agent);
        return false;
      case "after-an-end":
      case "when-noted":
        return false;
      case "never":
        this.#refuse(delivery);
        return true;
    }
  }

  /** Whether nobody waits any more for what has waited here: the alarm that says so is late by up to a tick. */
  #isLate(delivery: Delivery): delivery is CallDelivery {
    return (
      delivery.kind === "call" && !delivery.isHeld && delivery.deadlineAt <= this.#parts.clock.now()
    );
  }

  #mayLeave(delivery: Delivery, agent: Agent, worker: Worker): Leave {
    if (worker.phase !== "open") return "when-open";
    if (delivery.isNested)
      return worker.nestedInFlight < this.#parts.nestedInFlight ? "now" : "never";
    if (!hasRoom(agent) || delivery.isHeldBack) return "after-an-end";
    if (delivery.isSuspect || worker.suspect?.agent === agent) {
      if (agent.rootsInFlight > 0) return "after-an-end";
      if (worker.suspect !== undefined) return "after-the-suspect";
    }
    if (!worker.hasCredit) return "with-credit";
    const isNoted = delivery.kind === "call" || delivery.ticket?.isAdmitted !== false;
    return isNoted ? "now" : "when-noted";
  }

  #refuse(delivery: Delivery): void {
    this.#parts.backlog.remove(delivery);
    const text = "too many nested sends are in flight to one worker";
    if (delivery.kind === "call")
      delivery.end({ kind: "failed", failure: failure("OVERLOADED", text) });
  }

  #ship(delivery: Delivery, agent: Agent, worker: Worker): void {
    worker.take(delivery);
    this.#parts.inFlight.hold(delivery);
    delivery.activation = agent.activation;
    agent.inFlight++;
    if (!delivery.isNested) agent.rootsInFlight++;
    this.#parts.turns.shipped(agent);
    this.#parts.counters.deliveries++;
    this.#parts.tap.watcher?.shipped(delivery);
    if (delivery.kind === "call") worker.sink.deliver(delivery);
    else this.#shipEvent(delivery, worker);
  }

  #shipEvent(delivery: EventDelivery, worker: Worker): void {
    delivery.leaves(this.#parts.clock.unixMs());
    const shipped = this.#fanOut?.get(worker);
    if (
      this.#fanOut === undefined ||
      (shipped !== undefined && shipped[0]?.event !== delivery.event)
    ) {
      worker.sink.deliverEvent([delivery]);
    } else if (shipped === undefined) this.#fanOut.set(worker, [delivery]);
    else shipped.push(delivery);
  }
}

/** Whether its worker may get more for an agent: it stays there, and its window is open. */
function hasRoom({ isLeaving, rootsInFlight, type }: Agent): boolean {
  return !isLeaving && rootsInFlight < type.agentWindow;
}
