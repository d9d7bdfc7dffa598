import { BOUNDS } from "@agentmesh/proto";
import type { Cohort } from "./cohort.ts";
import type { Candidate } from "./placement.ts";
import { hashOf, leastLoaded, rendezvous } from "./placement.ts";

/** What a worker said of an agent type, as far as delivery cares. */
export interface AgentTypeLimits {
  /** Deliveries without ancestors in flight to one agent. */
  readonly agentWindow: number;
  /** Milliseconds after which a turn is told to stop. */
  readonly maxTurnMs: number;
}

/** A message that agents of a type handle, as a worker described it. */
export interface HandledMessage {
  readonly messageType: string;
  /** Media type of the schema; empty when there is none. */
  readonly schemaType: string;
  readonly schema: Buffer;
  /** Message type of the reply; empty when nothing answers. */
  readonly replyType: string;
  readonly replyStream: boolean;
}

/** What a worker told people about an agent type. */
export interface AgentTypeDescription {
  readonly description: string;
  readonly handles: readonly HandledMessage[];
}

/** The same as a worker announced it; 0 leaves it to the host. */
export interface AnnouncedLimits extends AgentTypeLimits {
  /** Turns of one agent that may run at the same time; 0 is 1. */
  readonly concurrency: number;
}

/**
 * An agent type of one namespace: the workers that announced it, and the agents that wait for one of them. Workers stay
 * in the list while their session is suspended or lapsed, because they may come back.
 */
export class AgentType<Worker extends Candidate, Agent> {
  readonly name: string;
  readonly hash: number;
  /** Agents with deliveries that no worker can take now. */
  readonly waiting = new Set<Agent>();
  /** Agents that are awake, or have something waiting while they are not active, by key. */
  readonly agents = new Map<string, Agent>();
  /** Agents that are active and rest. */
  resting = 0;
  /** The agent on each worker that takes sends to any key. */
  readonly pool = new Map<Worker, Agent>();
  /** Whose agents of the same key live together with those of this type; undefined when each is placed by itself. */
  cohort: Cohort<Worker> | undefined = undefined;
  /** What the worker that came last told of it. */
  described: AgentTypeDescription = { description: "", handles: [] };
  readonly #workers = new Map<Worker, AnnouncedLimits>();
  readonly #defaults: AgentTypeLimits;
  #limits: AnnouncedLimits;

  /** `defaults` are for workers that do not say. */
  constructor(name: string, defaults: AgentTypeLimits) {
    this.name = name;
    this.hash = hashOf(name);
    this.#defaults = defaults;
    this.#limits = this.#agreed();
  }

  /** Deliveries without ancestors in flight to one agent: the smallest that a worker announced. */
  get agentWindow(): number {
    return this.#limits.agentWindow;
  }

  /** Milliseconds after which a turn is told to stop: the largest that a worker announced. */
  get maxTurnMs(): number {
    return this.#limits.maxTurnMs;
  }

  /** Turns of one agent that may run at the same time: the largest that a worker announced. */
  get concurrency(): number {
    return this.#limits.concurrency;
  }

  /** Whether any session, live or expected back, announced the type. */
  get isKnown(): boolean {
    return this.#workers.size > 0;
  }

  /** Whether it has agents, active or waited for; while it has, the namespace keeps the type. */
  get isInhabited(): boolean {
    return this.agents.size > 0 || this.resting > 0;
  }

  /** Number of sessions that announced the type. */
  get workerCount(): number {
    return this.#workers.size;
  }

  /** Adds a worker; a limit of 0 is the host's. @returns false when it had announced the type already. */
  add(worker: Worker, limits: AnnouncedLimits): boolean {
    if (this.#workers.has(worker)) return false;
    this.#workers.set(worker, limits);
    this.#limits = this.#agreed();
    return true;
  }

  /** Removes a worker. @returns false when it had not announced the type. */
  remove(worker: Worker): boolean {
    const removed = this.#workers.delete(worker);
    this.#limits = this.#agreed();
    return removed;
  }

  /** The worker for an agent without activation; undefined when none can take it now. */
  place(key: string): Worker | undefined {
    const home = this.cohort?.workerOf(key);
    if (home?.isPlaceable === true && this.#workers.has(home)) return home;
    return rendezvous(key, this.#workers.keys());
  }

  /** A worker that is leaving but can still be reached; undefined when there is none. */
  placeOnLeaving(key: string): Worker | undefined {
    return rendezvous(key, this.#workers.keys(), (worker) => worker.isLeaving);
  }

  /** The least loaded worker, for sends to any key; undefined when none can take it now. */
  leastLoaded(): Worker | undefined {
    return leastLoaded(this.#workers.keys());
  }

  #agreed(): AnnouncedLimits {
    const all = [...this.#workers.values()];
    if (all.length === 0) return { ...this.#defaults, concurrency: 1 };
    const windows = all.map(({ agentWindow }) => agentWindow || this.#defaults.agentWindow);
    const turns = all.map(({ maxTurnMs }) => maxTurnMs || this.#defaults.maxTurnMs);
    return {
      agentWindow: Math.min(...windows, BOUNDS.agentWindow),
      maxTurnMs: Math.max(...turns),
      concurrency: Math.max(1, ...all.map(({ concurrency }) => concurrency)),
    };
  }
}
