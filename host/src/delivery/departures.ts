/**
 * How agents leave their workers: because they are idle, because they must move, or because the worker is lost. What
 * waits for them goes with them to the next worker.
 */
import { type Failure, failure } from "@agentmesh/proto";
import type { AgentType } from "../directory/agent-type.ts";
import type { Activations } from "./activations.ts";
import type { Agent } from "./agent.ts";
import type { Endings } from "./endings.ts";
import type { HeldContent } from "./held-content.ts";
import type { Shipping } from "./shipping.ts";
import { suspicionsOf, unsuspected } from "./suspicion.ts";
import type { Worker } from "./worker.ts";

/** Activations that are ended in one frame. */
const SLICE = 1_000;

export class Departures {
  readonly #activations: Activations;
  readonly #shipping: Shipping;
  readonly #endings: Endings;
  readonly #inFlight: HeldContent;

  constructor(parts: {
    activations: Activations;
    shipping: Shipping;
    endings: Endings;
    inFlight: HeldContent;
  }) {
    this.#activations = parts.activations;
    this.#shipping = parts.shipping;
    this.#endings = parts.endings;
    this.#inFlight = parts.inFlight;
  }

  /** A worker offers idle agents: those to which nothing is on its way end. */
  offerIdle(worker: Worker, numbers: readonly number[]): void {
    const ended: number[] = [];
    for (const number of numbers) {
      if (this.#activations.endIdle(worker, number)) ended.push(number);
    }
    if (ended.length > 0) worker.sink.deactivate(ended);
  }

  /**
   * The lease of a worker has run out, or its session has ended: its agents go elsewhere. Unless it `left` by its own
   * word or the host's, what it may have been handling is suspected of having ended it.
   */
  lose(worker: Worker, reason: Failure, left: boolean): void {
    const agents = [...worker.agents];
    const { suspect } = worker;
    const lost = worker.clear();
    const suspicionOf = left ? unsuspected : suspicionsOf(lost, suspect);
    for (const delivery of lost) {
      delivery.worker = undefined;
      this.#inFlight.letGo(delivery);
      if (delivery.kind === "call") this.#endings.end(delivery, failed(reason));
      else this.#endings.redeliver(delivery, reason, suspicionOf(delivery));
    }
    worker.held.clear();
    this.#activations.endResting(worker);
    for (const agent of agents) {
      agent.inFlight = 0;
      agent.rootsInFlight = 0;
      this.#activations.end(agent);
    }
    for (const agent of agents) this.settle(agent);
    worker.tellDrained();
  }

  /** A worker is leaving: its agents go as soon as they have nothing in flight. */
  drain(worker: Worker, onDrained: () => void): void {
    worker.drain(onDrained);
    this.move(worker);
    worker.tellDrained();
  }

  /**
   * The agents of a worker, or those of one type, must leave it: each at once when it has nothing in flight, otherwise
   * after that.
   */
  move(worker: Worker, type?: AgentType<Worker, Agent>): void {
    const rested = this.#activations.endResting(worker, type);
    for (let first = 0; first < rested.length; first += SLICE) {
      worker.sink.deactivate(rested.slice(first, first + SLICE));
    }
    for (const agent of [...worker.agents]) {
      if (type !== undefined && agent.type !== type) continue;
      if (agent.inFlight > 0) agent.isLeaving = true;
      else this.leave(agent);
    }
  }

  /** An agent that has nothing in flight goes. */
  leave(agent: Agent): void {
    const { worker } = agent;
    if (worker === undefined) return;
    worker.sink.deactivate([agent.activation]);
    this.#activations.end(agent);
    this.settle(agent);
    worker.tellDrained();
  }

  /**
   * The turn of an agent does not end: the agent goes without it. What is in flight behind the turn may have begun as
   * well: events are delivered again, calls settle without anyone knowing.
   */
  abandon(agent: Agent): void {
    const { worker } = agent;
    if (worker === undefined) return;
    const [first, ...others] = worker.inFlight.values().filter((other) => other.agent === agent);
    if (first === undefined) return;
    this.#shipping.land(worker, first);
    this.#endings.end(first, failed(failure("TURN_ABANDONED")), true);
    const stale = failure("ACTIVATION_STALE", undefined, { outcome: "unknown", retryable: false });
    for (const delivery of others) {
      this.#shipping.land(worker, delivery);
      if (delivery.kind === "call") this.#endings.end(delivery, failed(stale));
      else this.#endings.redeliver(delivery, stale, "none");
    }
    this.leave(agent);
  }

  /** Ships what waits for an agent whose type may have gone meanwhile. */
  settle(agent: Agent): void {
    if (agent.worker !== undefined || agent.type.isKnown) this.#shipping.pump(agent);
    else this.#endings.abandonQueue(agent);
  }

  /** No session is left that announced the type: what waits for it ends. */
  typeGone(type: AgentType<Worker, Agent>): void {
    const waiting = [...type.waiting];
    type.waiting.clear();
    for (const agent of waiting) this.#endings.abandonQueue(agent);
  }
}

function failed(reason: Failure) {
  return { kind: "failed", failure: reason } as const;
}
