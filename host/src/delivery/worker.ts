import { BOUNDS } from "@agentmesh/proto";
import { Fifo, NumberMap } from "@agentmesh/proto/link";
import type { AgentType } from "../directory/agent-type.ts";
import { type Candidate, hashOf } from "../directory/placement.ts";
import type { Agent } from "./agent.ts";
import type { CallDelivery, Delivery, EventDelivery } from "./delivery.ts";
import type { Namespace } from "./namespace.ts";
import type { Post } from "./post.ts";

/** How deliveries leave for a worker. Implemented by the gateway's sessions. */
export interface WorkerSink {
  /** Whether so much waits for the worker that new work should be held back. */
  readonly isFull: boolean;
  /** Ships a call. */
  deliver(call: CallDelivery): void;
  /** Ships an event to agents of the worker: `deliveries` are all of the same event. */
  deliverEvent(deliveries: readonly EventDelivery[]): void;
  /** Asks to stop a shipped delivery. `reason` is the number of an error code. */
  cancelDelivery(delivery: number, reason: number): void;
  /** Lets a stream of replies go on. */
  grantStream(delivery: number, chunks: number, bytes: number): void;
  /** Ends activations. */
  deactivate(activations: readonly number[]): void;
}

/**
 * Whether deliveries can leave: `open`; `held` while the stream is broken within the lease; `lapsed` when its agents
 * have been taken from it and it may still come back; `gone` for good.
 */
export type WorkerPhase = "open" | "held" | "lapsed" | "gone";

/**
 * One worker's session as delivery sees it.
 *
 * W1. `inFlight` is authoritative for what was shipped and not ended, in the order of shipping.
 * W2. `agents` are exactly the agents whose `worker` is this one; `posts` count those that rest here.
 * W3. Deliveries without ancestors are shipped only below `#maxInFlight`; agents that wait for that are in `#ready`, and
 *     their `waitsFor` is this worker. An agent waits for one worker at a time: the last that it was placed on.
 * W4. One suspect at most is in flight: `suspect`. Agents whose suspects wait for its end are in `inDoubt`.
 */
export class Worker implements Candidate {
  /** What placement knows the worker by: the same over all its sessions. */
  readonly identity: string;
  /** Where its agents are. */
  readonly namespace: Namespace;
  readonly sink: WorkerSink;
  readonly placementHash: number;
  readonly inFlight = new NumberMap<Delivery>();
  readonly agents = new Set<Agent>();
  /** Where agents rest here, by type: none that is empty. */
  readonly posts = new Map<AgentType<Worker, Agent>, Post>();
  /** Agents that have something waiting and could not ship because the worker was held. */
  readonly held = new Set<Agent>();
  /** The delivery in flight that is suspected of having cost an earlier worker its life. */
  suspect: Delivery | undefined = undefined;
  /** Agents whose suspects wait for the end of that one. */
  readonly inDoubt = new Set<Agent>();
  /** Held until its session has its first stream, so that what it brings along is adopted before anything is placed. */
  phase: WorkerPhase = "held";
  /** It is leaving: nothing new is placed on it. */
  isDraining = false;
  #maxInFlight = 1;
  rootsInFlight = 0;
  /** Called when it drains and has lost its last agent: once for each time that it asked. */
  #onDrained: (() => void)[] = [];
  readonly #ready = new Fifo<Agent>();
  #lastNumber = 0;

  constructor(identity: string, namespace: Namespace, maxInFlight: number, sink: WorkerSink) {
    this.identity = identity;
    this.namespace = namespace;
    this.placementHash = hashOf(identity);
    this.resize(maxInFlight);
    this.sink = sink;
  }

  /** Agents that are active here, awake or at rest. */
  get activeAgents(): number {
    let active = this.agents.size;
    for (const { size } of this.posts.values()) active += size;
    return active;
  }

  get load(): number {
    return this.inFlight.size;
  }

  get nestedInFlight(): number {
    return this.inFlight.size - this.rootsInFlight;
  }

  get isLeaving(): boolean {
    return this.phase === "open" && this.isDraining;
  }

  get isPlaceable(): boolean {
    return this.phase === "open" && !this.isDraining;
  }

  /** Whether a delivery without ancestors may be shipped now. */
  get hasCredit(): boolean {
    return this.rootsInFlight < this.#maxInFlight && !this.sink.isFull;
  }

  /** How many deliveries without ancestors may be in flight from now on: at least 1, at most what the host can count. */
  resize(maxInFlight: number): void {
    this.#maxInFlight = Math.min(Math.max(1, maxInFlight), BOUNDS.maxInFlight);
  }

  /** Nothing new is placed here from now on; `onDrained` is called when the last agent has gone. */
  drain(onDrained: () => void): void {
    this.isDraining = true;
    this.#onDrained.push(onDrained);
  }

  /** An agent may have been the last one of a worker that drains. */
  tellDrained(): void {
    if (this.agents.size > 0 || this.posts.size > 0) return;
    const told = this.#onDrained;
    if (told.length === 0) return;
    this.#onDrained = [];
    for (const tell of told) tell();
  }

  /** Notes a delivery as shipped and gives it its number. */
  take(delivery: Delivery): void {
    this.#lastNumber++;
    delivery.number = this.#lastNumber;
    delivery.worker = this;
    delivery.phase = "shipped";
    delivery.attempts++;
    this.inFlight.set(delivery.number, delivery);
    if (delivery.isSuspect) this.suspect = delivery;
    if (!delivery.isNested) this.rootsInFlight++;
  }

  /** Notes a delivery as not in flight any more. */
  give(delivery: Delivery): void {
    if (!this.inFlight.delete(delivery.number)) return;
    if (delivery === this.suspect) this.suspect = undefined;
    if (delivery.kind === "event") delivery.ticket?.landed();
    if (!delivery.isNested) this.rootsInFlight--;
  }

  /** Lets an agent wait for credit, behind those that wait already. */
  waitForCredit(agent: Agent): void {
    if (agent.waitsFor === this) return;
    agent.waitsFor = this;
    this.#ready.push(agent);
  }

  /** The agent that has waited longest for credit. */
  nextReady(): Agent | undefined {
    let agent = this.#ready.shift();
    // Who waits for another worker now has left the queue in all but name.
    while (agent !== undefined && agent.waitsFor !== this) agent = this.#ready.shift();
    if (agent !== undefined) agent.waitsFor = undefined;
    return agent;
  }

  /** The next agent whose suspect may leave; undefined while another one is in flight. */
  nextInDoubt(): Agent | undefined {
    if (this.suspect !== undefined) return undefined;
    const [agent] = this.inDoubt;
    if (agent !== undefined) this.inDoubt.delete(agent);
    return agent;
  }

  /** Forgets everything in flight, and who waited. @returns what was in flight, in the order of shipping. */
  clear(): Delivery[] {
    const lost = this.inFlight.values();
    this.inFlight.clear();
    for (const delivery of lost) if (delivery.kind === "event") delivery.ticket?.landed();
    this.rootsInFlight = 0;
    this.suspect = undefined;
    this.inDoubt.clear();
    for (const agent of this.#ready.drain())
      if (agent.waitsFor === this) agent.waitsFor = undefined;
    return lost;
  }
}
