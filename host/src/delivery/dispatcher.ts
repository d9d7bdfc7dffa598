/**
 * Takes deliveries to their agents: decides when each is shipped and to which worker, and what becomes of it.
 *
 * D1. A delivery is in exactly one place: a lane of its agent, its worker's `inFlight`, or nowhere (ended).
 * D2. A shipped delivery ends by the worker's word for the activation that it was shipped to, or by the loss of that
 *     activation. Words about other activations change nothing.
 * D3. Whatever frees room (an end, credit, a resumed or new worker) looks at once whether something waits for it.
 * D4. Nested calls wait for no window, so that turns that wait for them can end.
 */
import { AgentId, type Deadlines, ERROR_TABLE, type ErrorCode, type Failure, failure } from "@agentmesh/proto";
import { DONE, type TurnEndFrame } from "@agentmesh/proto/wire";
import type { AgentType } from "../directory/agent-type.ts";
import type { NumberSource } from "../model/number-source.ts";
import type { Counters } from "../observability/counters.ts";
import type { Agent } from "./agent.ts";
import { type CallDelivery, type Delivery, EventDelivery } from "./delivery.ts";
import type { MeshEvent } from "../model/event.ts";
import type { Namespace } from "./namespace.ts";
import type { Worker } from "./worker.ts";

export interface DispatcherOptions {
  /** Deliveries that wait at the host for one agent. */
  readonly mailboxMessages: number;
  /** Bytes of content that wait at the host. */
  readonly queuedBytes: number;
  /** Deliveries with ancestors in flight to one worker. */
  readonly nestedInFlight: number;
  /** Workers lost over one event before it is parked. */
  readonly crashLimit: number;
}

/** Takes what could not be handled. */
export interface DeadLetterOffice {
  park(delivery: Delivery, reason: Failure): void;
}

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #numbers: NumberSource;
  readonly #deadlines: Deadlines;
  readonly #counters: Counters;
  readonly #deadLetters: DeadLetterOffice;
  /** Authoritative for which activation numbers are alive. */
  readonly #activations = new Map<number, Agent>();
  #order = 0;
  #queued = 0;
  #queuedBytes = 0;
  /** While an event is fanned out: its deliveries that were shipped, by worker. */
  #fanOut: Map<Worker, EventDelivery[]> | undefined = undefined;

  constructor(
    options: DispatcherOptions,
    parts: { numbers: NumberSource; deadlines: Deadlines; counters: Counters; deadLetters: DeadLetterOffice },
  ) {
    this.#options = options;
    this.#numbers = parts.numbers;
    this.#deadlines = parts.deadlines;
    this.#counters = parts.counters;
    this.#deadLetters = parts.deadLetters;
  }

  /** Number of active agents. */
  get activeAgents(): number {
    return this.#activations.size;
  }

  /** Number of deliveries that wait at the host. */
  get queued(): number {
    return this.#queued;
  }

  /** Whether the host holds as much as it may: then nothing that could wait is taken. */
  get isFull(): boolean {
    return this.#queuedBytes >= this.#options.queuedBytes;
  }

  /** A place in the order of arrival. */
  nextOrder(): number {
    this.#order += 1;
    return this.#order;
  }

  /** The agent with this activation; undefined when it has ended. */
  activation(number: number): Agent | undefined {
    return this.#activations.get(number);
  }

  /** Takes a call. @returns why not, when its agent has too much waiting. */
  dispatch(call: CallDelivery): Failure | undefined {
    if (this.#tryShip(call)) return undefined;
    if (call.agent.waiting >= this.#options.mailboxMessages) return failure("MAILBOX_FULL", undefined, { retryAfterMs: 100 });
    this.#enqueue(call);
    return undefined;
  }

  /** Takes an event for all these agents. */
  dispatchEvent(event: MeshEvent, agents: readonly Agent[]): void {
    const single = agents.length === 1;
    if (!single) this.#fanOut = new Map();
    for (const agent of agents) {
      const delivery = new EventDelivery(agent, this.nextOrder(), event, this.#unpark);
      if (this.#tryShip(delivery)) continue;
      if (agent.waiting < this.#options.mailboxMessages) this.#enqueue(delivery);
      else this.#park(delivery, failure("MAILBOX_FULL"));
    }
    const shipped = this.#fanOut;
    this.#fanOut = undefined;
    for (const [worker, deliveries] of shipped ?? []) worker.sink.deliverEvent(deliveries);
  }

  /**
   * Gives a call up that its caller does not wait for any more: it is not started when that is still possible.
   * @returns whether its handler may have started.
   */
  withdraw(call: CallDelivery, reason: ErrorCode): boolean {
    if (call.phase === "waiting") {
      this.#dequeue(call);
      call.phase = "ended";
      this.#afterDequeue(call.agent);
      return false;
    }
    call.worker?.sink.cancelDelivery(call.number, ERROR_TABLE[reason].number);
    return true;
  }

  /** Whether the worker has this delivery in this activation. */
  isCurrent(worker: Worker, number: number, activation: number): boolean {
    return this.current(worker, number, activation) !== undefined;
  }

  /** The delivery that the worker speaks of; undefined, and counted, when it is stale. */
  current(worker: Worker, number: number, activation: number): Delivery | undefined {
    const delivery = worker.inFlight.get(number);
    if (delivery !== undefined && delivery.activation === activation) return delivery;
    this.#counters.staleFrames++;
    return undefined;
  }

  /** A turn has ended. */
  turnEnd(worker: Worker, frame: TurnEndFrame): void {
    const delivery = this.current(worker, frame.delivery, frame.activation);
    if (delivery === undefined) return;
    this.#land(worker, delivery);
    const { ending } = frame;
    if (ending.kind === "postponed") this.#postpone(delivery, ending.delayMs);
    else if (delivery.kind === "call") this.#endCall(delivery, ending);
    else if (ending.kind === "failed") this.#park(delivery, ending.failure);
    else delivery.phase = "ended";
    if (ending.kind === "failed" && ending.failure.code === "TURN_ABANDONED") delivery.agent.isLeaving = true;
    this.#afterLanding(worker, delivery.agent);
  }

  /** Turns of events have ended well. */
  done(worker: Worker, activation: number, numbers: readonly number[]): void {
    let agent: Agent | undefined;
    for (const number of numbers) {
      const delivery = this.current(worker, number, activation);
      if (delivery === undefined) continue;
      this.#land(worker, delivery);
      if (delivery.kind === "call") this.#endCall(delivery, DONE);
      else delivery.phase = "ended";
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
      this.#land(worker, delivery);
      if (!isSettledCall(delivery)) this.#enqueue(delivery);
      agents.add(delivery.agent);
    }
    for (const agent of agents) this.#afterLanding(worker, agent);
  }

  /** A worker offers idle agents: those to which nothing is on its way end. */
  offerIdle(worker: Worker, activations: readonly number[]): void {
    const ended: number[] = [];
    for (const number of activations) {
      const agent = this.#activations.get(number);
      if (agent?.worker !== worker || agent.inFlight > 0 || agent.waiting > 0) continue;
      ended.push(number);
      this.#endActivation(agent);
    }
    if (ended.length > 0) worker.sink.deactivate(ended);
  }

  /** A worker can take more: its stream is back, its outbox has room, its capacity has grown. */
  workerReady(worker: Worker): void {
    const held = [...worker.held];
    worker.held.clear();
    for (const agent of held) this.#pump(agent);
    this.#serve(worker);
  }

  /** The lease of a worker has run out, or its session has ended: its agents go elsewhere. */
  workerLost(worker: Worker, reason: Failure): void {
    const agents = [...worker.agents];
    const heads = new Set<Agent>();
    for (const delivery of worker.clear()) {
      delivery.worker = undefined;
      if (delivery.kind === "call") this.#endCall(delivery, { kind: "failed", failure: reason });
      else this.#redeliver(delivery, reason, !heads.has(delivery.agent));
      heads.add(delivery.agent);
    }
    worker.held.clear();
    for (const agent of agents) {
      agent.inFlight = 0;
      agent.rootsInFlight = 0;
      this.#endActivation(agent);
    }
    for (const agent of agents) this.#pump(agent);
  }

  /** A worker is leaving: its agents go as soon as they have nothing in flight. */
  drainWorker(worker: Worker, onDrained: () => void): void {
    worker.isDraining = true;
    worker.onDrained = onDrained;
    for (const agent of [...worker.agents]) this.#leave(agent);
    this.#tellDrained(worker);
  }

  /** An agent must go elsewhere, for instance because its worker withdrew the type. */
  move(agents: Iterable<Agent>): void {
    for (const agent of agents) this.#leave(agent);
  }

  /** A worker can take agents of this type. */
  typeAvailable(type: AgentType<Worker, Agent>): void {
    const waiting = [...type.waiting];
    type.waiting.clear();
    for (const agent of waiting) this.#pump(agent);
  }

  /** No session is left that announced the type: what waits for it ends. */
  typeGone(type: AgentType<Worker, Agent>): void {
    const waiting = [...type.waiting];
    type.waiting.clear();
    for (const agent of waiting) this.#abandonQueue(agent);
  }

  /**
   * Takes over an activation that a worker kept while this host did not exist.
   * @returns false when another worker has the agent with a larger number.
   */
  adopt(worker: Worker, agent: Agent, activation: number): boolean {
    if (agent.worker !== undefined) {
      if (agent.activation >= activation || agent.inFlight > 0) return false;
      agent.worker.sink.deactivate([agent.activation]);
      this.#endActivation(agent);
    }
    if (this.#activations.has(activation) || activation > this.#numbers.last) return false;
    this.#activate(agent, worker, activation);
    return true;
  }

  /** The agent that takes a send to any key: one on each worker. Undefined when no worker can take it now. */
  anyAgent(namespace: Namespace, type: AgentType<Worker, Agent>): Agent | undefined {
    const worker = type.leastLoaded();
    if (worker === undefined) return undefined;
    const agent = namespace.agent(new AgentId(type.name, `~${worker.identity}`), type);
    if (agent.worker === undefined) this.#activate(agent, worker, this.#numbers.next());
    return agent;
  }

  #enqueue(delivery: Delivery): void {
    delivery.agent.enqueue(delivery);
    delivery.settleIn();
    this.#queued++;
    this.#queuedBytes += delivery.content.length;
    this.#pump(delivery.agent);
  }

  #dequeue(delivery: Delivery): void {
    delivery.agent.dequeue(delivery);
    this.#queued--;
    this.#queuedBytes -= delivery.content.length;
  }

  /** The common case: nothing waits before it and its worker has room. */
  #tryShip(delivery: Delivery): boolean {
    const agent = delivery.agent;
    if (agent.waiting > 0 && !delivery.isNested) return false;
    const worker = agent.worker ?? this.#place(agent);
    if (worker === undefined || this.#mayShip(delivery, agent, worker) !== "now") return false;
    this.#ship(delivery, agent, worker);
    return true;
  }

  /** Ships what the agent has waiting, as far as its worker takes it. */
  #pump(agent: Agent): void {
    for (let delivery = agent.next(); delivery !== undefined; delivery = agent.next()) {
      const worker = agent.worker ?? this.#place(agent);
      if (worker === undefined) {
        agent.type.waiting.add(agent);
        return;
      }
      const when = this.#mayShip(delivery, agent, worker);
      if (when === "on-open") worker.held.add(agent);
      else if (when === "on-credit") worker.waitForCredit(agent);
      if (when === "never") this.#refuseNested(delivery);
      else if (when !== "now") return;
      else {
        this.#dequeue(delivery);
        this.#ship(delivery, agent, worker);
      }
    }
    agent.namespace.retire(agent);
  }

  #mayShip(delivery: Delivery, agent: Agent, worker: Worker): "now" | "on-open" | "on-end" | "on-credit" | "never" {
    if (worker.phase !== "open") return "on-open";
    if (delivery.isNested) return worker.nestedInFlight < this.#options.nestedInFlight ? "now" : "never";
    if (agent.isLeaving || agent.rootsInFlight >= agent.type.agentWindow) return "on-end";
    return worker.hasCredit ? "now" : "on-credit";
  }

  #refuseNested(delivery: Delivery): void {
    this.#dequeue(delivery);
    const text = "too many nested sends are in flight to one worker";
    if (delivery.kind === "call") this.#endCall(delivery, { kind: "failed", failure: failure("OVERLOADED", text) });
  }

  #ship(delivery: Delivery, agent: Agent, worker: Worker): void {
    worker.take(delivery);
    delivery.activation = agent.activation;
    agent.inFlight++;
    if (!delivery.isNested) agent.rootsInFlight++;
    this.#counters.deliveries++;
    if (delivery.kind === "call") worker.sink.deliver(delivery);
    else this.#shipEvent(delivery, worker);
  }

  #shipEvent(delivery: EventDelivery, worker: Worker): void {
    if (this.#fanOut === undefined) {
      worker.sink.deliverEvent([delivery]);
      return;
    }
    const shipped = this.#fanOut.get(worker);
    if (shipped === undefined) this.#fanOut.set(worker, [delivery]);
    else if (shipped[0]?.event === delivery.event) shipped.push(delivery);
    else worker.sink.deliverEvent([delivery]);
  }

  #place(agent: Agent): Worker | undefined {
    const worker = agent.type.place(agent.id.text);
    if (worker !== undefined) this.#activate(agent, worker, this.#numbers.next());
    return worker;
  }

  #activate(agent: Agent, worker: Worker, activation: number): void {
    agent.worker = worker;
    agent.activation = activation;
    agent.isLeaving = false;
    worker.agents.add(agent);
    this.#activations.set(activation, agent);
  }

  #endActivation(agent: Agent): void {
    this.#activations.delete(agent.activation);
    agent.worker?.agents.delete(agent);
    agent.worker?.held.delete(agent);
    agent.worker = undefined;
    agent.activation = 0;
    agent.isLeaving = false;
    agent.namespace.retire(agent);
  }

  /** A delivery is not in flight any more. */
  #land(worker: Worker, delivery: Delivery): void {
    worker.give(delivery);
    delivery.agent.inFlight--;
    if (!delivery.isNested) delivery.agent.rootsInFlight--;
  }

  #afterLanding(worker: Worker, agent: Agent): void {
    if (agent.isLeaving && agent.inFlight === 0) this.#leave(agent);
    else if (agent.waiting > 0) this.#pump(agent);
    this.#serve(worker);
  }

  #afterDequeue(agent: Agent): void {
    if (agent.waiting > 0) return;
    agent.type.waiting.delete(agent);
    agent.namespace.retire(agent);
  }

  /** Credit of a worker goes to the agents that wait for it, in turn. */
  #serve(worker: Worker): void {
    while (worker.hasCredit) {
      const agent = worker.nextReady();
      if (agent === undefined) return;
      if (agent.worker === worker) this.#pump(agent);
    }
  }

  #leave(agent: Agent): void {
    const worker = agent.worker;
    if (worker === undefined) return;
    if (agent.inFlight > 0) {
      agent.isLeaving = true;
      return;
    }
    worker.sink.deactivate([agent.activation]);
    this.#endActivation(agent);
    this.#pump(agent);
    this.#tellDrained(worker);
  }

  #tellDrained(worker: Worker): void {
    if (!worker.isDraining || worker.agents.size > 0) return;
    const tell = worker.onDrained;
    worker.onDrained = undefined;
    tell?.();
  }

  #endCall(call: CallDelivery, ending: Parameters<CallDelivery["end"]>[0]): void {
    call.phase = "ended";
    if (ending.kind === "failed" && ending.failure.code === "TURN_ABANDONED") this.#deadLetters.park(call, ending.failure);
    if (!call.settled) call.end(ending);
  }

  #park(delivery: Delivery, reason: Failure): void {
    delivery.phase = "ended";
    this.#deadLetters.park(delivery, reason);
  }

  /** Events of a lost worker go to the next one. Only those that it had begun are suspected of its loss. */
  #redeliver(delivery: EventDelivery, reason: Failure, suspected: boolean): void {
    delivery.attempt++;
    if (suspected) delivery.crashes++;
    this.#counters.redeliveries++;
    if (delivery.crashes >= this.#options.crashLimit) this.#park(delivery, reason);
    else {
      delivery.agent.enqueue(delivery);
      delivery.settleIn();
      this.#queued++;
      this.#queuedBytes += delivery.content.length;
    }
  }

  #postpone(delivery: Delivery, delayMs: number): void {
    if (isSettledCall(delivery)) return;
    delivery.agent.enqueue(delivery);
    delivery.settleIn();
    this.#queued++;
    this.#queuedBytes += delivery.content.length;
    if (delivery.kind === "call" || delivery.lane === undefined) return;
    delivery.lane.parked = true;
    this.#deadlines.arm(delivery, delayMs);
  }

  readonly #unpark = (delivery: EventDelivery): void => {
    if (delivery.lane === undefined) return;
    delivery.lane.parked = false;
    this.#pump(delivery.agent);
  };

  #abandonQueue(agent: Agent): void {
    for (const delivery of [...agent.queued()]) {
      this.#dequeue(delivery);
      if (delivery.kind === "call") {
        const text = `the last worker of agent type ${agent.id.type} has left`;
        this.#endCall(delivery, { kind: "failed", failure: failure("AGENT_TYPE_UNKNOWN", text) });
      } else {
        delivery.phase = "ended";
        this.#counters.eventsDropped++;
      }
    }
    agent.namespace.retire(agent);
  }
}

function isSettledCall(delivery: Delivery): boolean {
  return delivery.kind === "call" && delivery.settled;
}
