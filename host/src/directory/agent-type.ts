import { BOUNDS } from "@agentmesh/proto";
import type { Candidate } from "./placement.ts";
import { leastLoaded, rendezvous } from "./placement.ts";

/** What a worker said of an agent type, as far as delivery cares. */
export interface AgentTypeLimits {
  /** Deliveries without ancestors in flight to one agent. */
  readonly agentWindow: number;
}

/**
 * An agent type of one namespace: the workers that announced it, and the agents that wait for one of them. Workers stay
 * in the list while their session is suspended or lapsed, because they may come back.
 */
export class AgentType<Worker extends Candidate, Agent> {
  readonly name: string;
  /** Agents with deliveries that no worker can take now. */
  readonly waiting = new Set<Agent>();
  /** Agents of the type that exist; while there are any, the namespace keeps the type. */
  agents = 0;
  /** The agent on each worker that takes sends to any key. */
  readonly pool = new Map<Worker, Agent>();
  readonly #workers = new Map<Worker, AgentTypeLimits>();
  #window: number;
  readonly #defaultWindow: number;

  constructor(name: string, defaultWindow: number) {
    this.name = name;
    this.#defaultWindow = defaultWindow;
    this.#window = defaultWindow;
  }

  /** Deliveries without ancestors in flight to one agent: the smallest that a worker announced. */
  get agentWindow(): number {
    return this.#window;
  }

  /** Whether any session, live or expected back, announced the type. */
  get isKnown(): boolean {
    return this.#workers.size > 0;
  }

  /** Number of sessions that announced the type. */
  get workerCount(): number {
    return this.#workers.size;
  }

  /** Adds a worker. @returns false when it had announced the type already. */
  add(worker: Worker, limits: AgentTypeLimits): boolean {
    if (this.#workers.has(worker)) return false;
    this.#workers.set(worker, limits);
    this.#window = this.#smallestWindow();
    return true;
  }

  /** Removes a worker. @returns false when it had not announced the type. */
  remove(worker: Worker): boolean {
    const removed = this.#workers.delete(worker);
    this.#window = this.#smallestWindow();
    return removed;
  }

  /** The worker for an agent without activation; undefined when none can take it now. */
  place(agentText: string): Worker | undefined {
    return rendezvous(agentText, this.#workers.keys());
  }

  /** A worker that is leaving but can still be reached; undefined when there is none. */
  placeOnLeaving(agentText: string): Worker | undefined {
    return rendezvous(agentText, this.#workers.keys(), (worker) => worker.isLeaving);
  }

  /** The least loaded worker, for sends to any key; undefined when none can take it now. */
  leastLoaded(): Worker | undefined {
    return leastLoaded(this.#workers.keys());
  }

  #smallestWindow(): number {
    let smallest = 0;
    for (const { agentWindow } of this.#workers.values()) {
      const asked = agentWindow === 0 ? this.#defaultWindow : agentWindow;
      const window = Math.min(asked, BOUNDS.agentWindow);
      if (smallest === 0 || window < smallest) smallest = window;
    }
    return smallest === 0 ? this.#defaultWindow : smallest;
  }
}
