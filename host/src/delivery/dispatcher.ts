/**
 * Takes deliveries to their agents, and decides what becomes of each in the end.
 *
 * D1. A delivery is in exactly one place: a lane of its agent, its worker's `inFlight`, or nowhere (ended).
 * D2. A shipped delivery ends by the worker's word for the activation that it was shipped to, or by the loss of that
 *     activation. Words about other activations change nothing.
 * D3. Whatever frees room (an end, credit, a resumed or new worker) looks at once whether something waits for it.
 */
import {
  type AgentId,
  type Clock,
  type Deadlines,
  ERROR_TABLE,
  type ErrorCode,
  type Failure,
  failure,
} from "@agentmesh/proto";
import { DONE, type TurnEndFrame } from "@agentmesh/proto/wire";
import type { AgentType } from "../directory/agent-type.ts";
import type { MeshEvent } from "../model/event.ts";
import type { NumberSource } from "../model/number-source.ts";
import type { Counters } from "../observability/counters.ts";
import type { Logger } from "../observability/logger.ts";
import { Activations } from "./activations.ts";
import type { Agent } from "./agent.ts";
import { Backlog } from "./backlog.ts";
import { type CallDelivery, type Delivery, EventDelivery } from "./delivery.ts";
import { Departures } from "./departures.ts";
import { type DeadLetterOffice, Endings } from "./endings.ts";
import { HeldContent } from "./held-content.ts";
import type { Namespace } from "./namespace.ts";
import { Shipping } from "./shipping.ts";
import type { Tap } from "./tap.ts";
import { TurnWatch } from "./turn-watch.ts";
import type { Worker } from "./worker.ts";

export interface DispatcherOptions {
  /** Deliveries that wait at the host for one agent. */
  readonly mailboxMessages: number;
  /** Bytes of content that wait at the host. */
  readonly queuedBytes: number;
  /** Bytes of content in flight to workers. */
  readonly inFlightBytes: number;
  /** Deliveries with ancestors in flight to one worker. */
  readonly nestedInFlight: number;
  /** Milliseconds that a turn has after it was told to stop; then its activation is abandoned. */
  readonly turnGraceMs: number;
  /** Workers lost over one event before it is parked. */
  readonly crashLimit: number;
}

interface Parts {
  readonly clock: Clock;
  readonly numbers: NumberSource;
  readonly deadlines: Deadlines;
  readonly counters: Counters;
  readonly logger: Logger;
  readonly deadLetters: DeadLetterOffice;
  readonly tap: Tap;
  /** Whether workers of an earlier life of this host may still come back with their agents. */
  readonly isSettling: () => boolean;
}

const MAILBOX_FULL = failure("MAILBOX_FULL", undefined, { retryAfterMs: 100 });
/** Why a host that holds too much does not take a message. */
export const HOST_FULL = failure("OVERLOADED", "the host holds as much content as it may", {
  retryAfterMs: 250,
});

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #parts: Parts;
  readonly #activations: Activations;
  readonly #inFlight: HeldContent;
  readonly #backlog: Backlog;
  readonly #turns: TurnWatch;
  readonly #shipping: Shipping;
  readonly #endings: Endings;
  readonly #departures: Departures;
  #order = 0;

  constructor(options: DispatcherOptions, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
    this.#inFlight = new HeldContent("inFlight", options.inFlightBytes);
    this.#backlog = new Backlog(options.queuedBytes);
    this.#activations = new Activations(parts);
    this.#turns = new TurnWatch(parts.clock, options.turnGraceMs, this.#abandon);
    this.#shipping = new Shipping({
      ...parts,
      activations: this.#activations,
      backlog: this.#backlog,
      inFlight: this.#inFlight,
      turns: this.#turns,
      nestedInFlight: options.nestedInFlight,
    });
    this.#endings = new Endings({
      ...parts,
      backlog: this.#backlog,
      crashLimit: options.crashLimit,
      onDue: this.#resume,
    });
    this.#departures = new Departures({
      activations: this.#activations,
      shipping: this.#shipping,
      endings: this.#endings,
      inFlight: this.#inFlight,
    });
  }

  /** Number of active agents. */
  get activeAgents(): number {
    return this.#activations.size;
  }

  /** Number of deliveries that wait at the host. */
  get queued(): number {
    return this.#backlog.size;
  }

  /** Deliveries that wait and would be lost with this host. */
  get unstored(): number {
    return this.#backlog.unstored;
  }

  /** Whether as much waits as may: then no events are taken. */
  get isBacklogFull(): boolean {
    return this.#backlog.held.isFull;
  }

  /** Whether as much is in flight as may: then no events are taken from outside of turns. */
  get isInFlightFull(): boolean {
    return this.#inFlight.isFull;
  }

  /** An event is kept for later: it counts among what the host holds. */
  hold(event: MeshEvent): void {
    this.#backlog.held.holdEvent(event);
  }

  /** An event that was kept is delivered now. */
  letGo(event: MeshEvent): void {
    this.#backlog.held.letGoEvent(event);
  }

  /** A place in the order of arrival. */
  nextOrder(): number {
    this.#order += 1;
    return this.#order;
  }

  /** An event for an agent of a type that nobody announced. */
  drop(event: MeshEvent, namespace: Namespace, target: AgentId): void {
    this.#endings.drop(event, namespace, target);
  }

  /** The agent that takes a send to any key. */
  anyAgent(namespace: Namespace, type: AgentType<Worker, Agent>): Agent {
    return this.#activations.anyAgent(namespace, type);
  }

  /** Takes over an activation that a worker kept while this host did not exist. */
  adopt(agent: Agent, worker: Worker, activation: number): boolean {
    return this.#activations.adopt(agent, worker, activation);
  }

  /** Makes an agent active that is not, on the worker that speaks in its name. */
  activate(agent: Agent, worker: Worker): void {
    this.#activations.begin(agent, worker);
  }

  /** Takes a call. @returns why not, when too much is in flight, or when it would have to wait and too much waits. */
  dispatch(call: CallDelivery): Failure | undefined {
    const { isNested } = call;
    if (this.#inFlight.isFull && !isNested) return this.#refuse(call, HOST_FULL);
    if (this.#shipping.tryShip(call)) return undefined;
    if (call.agent.waiting >= this.#options.mailboxMessages)
      return this.#refuse(call, MAILBOX_FULL);
    if (this.#backlog.held.isFull && !isNested) return this.#refuse(call, HOST_FULL);
    this.#enqueue(call);
    return undefined;
  }

  /** Takes an event for all these agents. */
  dispatchEvent(event: MeshEvent, agents: readonly Agent[]): void {
    const [only] = agents;
    if (only !== undefined && agents.length === 1) this.#dispatchTo(only, event);
    else this.#shipping.fanOut(() => this.#dispatchToAll(agents, event));
  }

  /** An event on its way to an agent, at the end of the order of arrival. */
  eventFor(agent: Agent, event: MeshEvent): EventDelivery {
    return new EventDelivery(agent, this.nextOrder(), event, this.#resume);
  }

  /** Takes an event of a durable subscription, which has its own limits. */
  dispatchDurable(delivery: EventDelivery): void {
    if (!this.#shipping.tryShip(delivery)) this.#enqueue(delivery);
  }

  /** Lets an event of a durable subscription wait at the head of its lane, which stands still meanwhile. */
  retry(delivery: EventDelivery, delayMs: number): void {
    this.#endings.retry(delivery, delayMs);
  }

  /** Lets an event of a durable subscription wait outside of the order. */
  setAside(delivery: EventDelivery, delayMs: number): void {
    this.#endings.setAside(delivery, delayMs);
  }

  /** Takes an event of a durable subscription back that has not been shipped. @returns whether it waited. */
  takeBack(delivery: EventDelivery): boolean {
    if (!this.#endings.takeBack(delivery)) return false;
    this.#departures.settle(delivery.agent);
    return true;
  }

  /** What kept the events of an agent from being shipped may be over. */
  proceed(agent: Agent): void {
    this.#departures.settle(agent);
  }

  /**
   * Gives a call up that its caller does not wait for any more: it is not started when that is still possible.
   * @returns whether its handler may have started.
   */
  withdraw(call: CallDelivery, reason: ErrorCode): boolean {
    if (call.phase === "shipped") {
      call.worker?.sink.cancelDelivery(call.number, ERROR_TABLE[reason].number);
      return true;
    }
    if (call.phase === "waiting") this.#endings.dropWaiting(call);
    return false;
  }

  /** The delivery that the worker speaks of; undefined, and counted, when it is stale. */
  current(worker: Worker, number: number, activation: number): Delivery | undefined {
    const delivery = worker.inFlight.get(number);
    if (delivery !== undefined && delivery.activation === activation) return delivery;
    this.#parts.counters.staleFrames++;
    const fields = { instanceId: worker.identity, delivery: number, activation };
    this.#parts.logger.emit("frame.stale", fields);
    return undefined;
  }

  /** A turn has ended. */
  turnEnd(worker: Worker, frame: TurnEndFrame): void {
    const delivery = this.current(worker, frame.delivery, frame.activation);
    if (delivery === undefined) return;
    this.#shipping.land(worker, delivery);
    const { ending } = frame;
    if (ending.kind === "postponed") this.#endings.postpone(delivery, ending);
    else this.#endings.end(delivery, ending, frame.permanent);
    if (ending.kind === "failed" && ending.failure.code === "TURN_ABANDONED")
      delivery.agent.isLeaving = true;
    this.#afterLanding(worker, delivery.agent);
  }

  /** Turns of one activation have ended well. */
  done(worker: Worker, activation: number, numbers: readonly number[]): void {
    let agent: Agent | undefined;
    for (const number of numbers) {
      const delivery = this.current(worker, number, activation);
      if (delivery === undefined) continue;
      this.#shipping.land(worker, delivery);
      this.#endings.end(delivery, DONE);
      agent = delivery.agent;
    }
    if (agent !== undefined) this.#afterLanding(worker, agent);
  }

  /** A worker gives deliveries back that it has not started. */
  release(worker: Worker, numbers: readonly number[]): void {
    const agents = new Set<Agent>();
    for (const number of numbers) {
      const delivery = worker.inFlight.get(number);
      if (delivery === undefined) continue;
      this.#shipping.land(worker, delivery);
      this.#endings.giveBack(delivery);
      agents.add(delivery.agent);
    }
    for (const agent of agents) this.#afterLanding(worker, agent);
  }

  /** A worker offers idle agents: those to which nothing is on its way end. */
  offerIdle(worker: Worker, numbers: readonly number[]): void {
    this.#departures.offerIdle(worker, numbers);
  }

  /** A worker can take more: its stream is back, its outbox has room, its capacity has grown. */
  workerReady(worker: Worker): void {
    this.#turns.add(worker);
    const held = [...worker.held];
    worker.held.clear();
    for (const agent of held) this.#shipping.pump(agent);
    this.#shipping.serve(worker);
  }

  /**
   * The lease of a worker has run out, or its session has ended: its agents go elsewhere. `left`: by its own word or the
   * host's, so that nothing that it handled is suspected of having ended it.
   */
  workerLost(worker: Worker, reason: Failure, left = false): void {
    this.#departures.lose(worker, reason, left);
    this.#turns.remove(worker);
  }

  /** A worker is leaving: its agents go as soon as they have nothing in flight. */
  drainWorker(worker: Worker, onDrained: () => void): void {
    this.#departures.drain(worker, onDrained);
  }

  /** The agents of a type must leave a worker: each at once when it has nothing in flight, otherwise after that. */
  move(worker: Worker, type: AgentType<Worker, Agent>): void {
    this.#departures.move(worker, type);
  }

  /** A worker can take agents of this type. */
  typeAvailable(type: AgentType<Worker, Agent>): void {
    const waiting = [...type.waiting];
    type.waiting.clear();
    for (const agent of waiting) this.#shipping.pump(agent);
  }

  /** No session is left that announced the type: what waits for it ends. */
  typeGone(type: AgentType<Worker, Agent>): void {
    this.#departures.typeGone(type);
  }

  #refuse(call: CallDelivery, reason: Failure): Failure {
    call.phase = "ended";
    call.agent.namespace.retire(call.agent);
    return reason;
  }

  #dispatchTo(agent: Agent, event: MeshEvent): void {
    const delivery = new EventDelivery(agent, this.nextOrder(), event, this.#resume);
    if (this.#shipping.tryShip(delivery)) return;
    if (agent.waiting < this.#options.mailboxMessages) this.#enqueue(delivery);
    else this.#endings.end(delivery, { kind: "failed", failure: MAILBOX_FULL });
  }

  #dispatchToAll(agents: readonly Agent[], event: MeshEvent): void {
    for (const agent of agents) this.#dispatchTo(agent, event);
  }

  #enqueue(delivery: Delivery): void {
    this.#backlog.add(delivery);
    this.#shipping.pump(delivery.agent);
  }

  #afterLanding(worker: Worker, agent: Agent): void {
    if (agent.isLeaving && agent.inFlight === 0) this.#departures.leave(agent);
    else if (agent.waiting > 0) this.#shipping.pump(agent);
    this.#shipping.serve(worker);
  }

  /** A turn did not end although it was told to. */
  readonly #abandon = (agent: Agent): void => {
    const { worker } = agent;
    this.#departures.abandon(agent);
    if (worker !== undefined) this.#shipping.serve(worker);
  };

  /** The wait of a postponed delivery is over. */
  readonly #resume = (delivery: Delivery): void => {
    delivery.isPostponed = false;
    if (delivery.lane === undefined) return;
    delivery.lane.parked = false;
    this.#departures.settle(delivery.agent);
  };
}
