/**
 * How agents become active and cease to be. The rosters of the namespaces are authoritative for who is: a number that
 * is in none is stale for good, because numbers only grow.
 */
import type { AgentType } from "../directory/agent-type.ts";
import type { NumberSource } from "../model/number-source.ts";
import type { Counters } from "../observability/counters.ts";
import type { Agent } from "./agent.ts";
import type { Namespace } from "./namespace.ts";
import { Post } from "./post.ts";
import type { Worker } from "./worker.ts";

export class Activations {
  readonly #numbers: NumberSource;
  readonly #counters: Counters;
  readonly #isSettling: () => boolean;
  #size = 0;

  /** `isSettling`: whether workers may still bring agents along that are active; until then none is placed by its key. */
  constructor(parts: {
    numbers: NumberSource;
    counters: Counters;
    isSettling: () => boolean;
  }) {
    this.#numbers = parts.numbers;
    this.#counters = parts.counters;
    this.#isSettling = parts.isSettling;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * The worker of an agent, placing the agent when it has none; undefined when no worker can take it now. For a nested
   * call a worker that drains is better than none: a turn on it may be what waits.
   */
  workerFor(agent: Agent, isNested: boolean): Worker | undefined {
    if (agent.worker !== undefined) return agent.worker;
    const { type } = agent;
    if (!agent.isPooled && this.#isSettling()) return undefined;
    const worker = agent.isPooled ? type.leastLoaded() : type.place(agent.id.key);
    if (worker !== undefined) this.begin(agent, worker);
    return worker ?? (isNested ? this.#lodge(agent) : undefined);
  }

  /**
   * The agent that takes a send to any key: the one on the worker with the least in flight, or one that waits while no
   * worker can take it. Its key is new with each activation, so that it is nobody's name.
   */
  anyAgent(namespace: Namespace, type: AgentType<Worker, Agent>): Agent {
    const worker = type.leastLoaded();
    if (worker === undefined) return namespace.pooledAgent(type, "~");
    const known = type.pool.get(worker);
    if (known !== undefined) return known;
    const number = this.#numbers.next();
    const agent = namespace.pooledAgent(type, `~${number}`);
    if (agent.worker === undefined) this.begin(agent, worker, number);
    return agent;
  }

  /** Places an agent on a worker that is leaving: it goes again as soon as it has nothing in flight. */
  #lodge(agent: Agent): Worker | undefined {
    const worker = agent.type.placeOnLeaving(agent.id.key);
    if (worker === undefined) return undefined;
    this.begin(agent, worker);
    agent.isLeaving = true;
    return worker;
  }

  /** Makes an agent active on a worker, under a new number unless it brings one. */
  begin(agent: Agent, worker: Worker, number = this.#numbers.next()): void {
    agent.worker = worker;
    agent.activation = number;
    agent.isLeaving = false;
    worker.agents.add(agent);
    if (agent.isPooled && !agent.type.pool.has(worker)) agent.type.pool.set(worker, agent);
    agent.namespace.roster.add(agent);
    this.#size++;
    this.#counters.activations++;
  }

  /** Ends an activation. The agent has nothing in flight any more. */
  end(agent: Agent): void {
    const { worker, type } = agent;
    agent.namespace.roster.remove(agent);
    this.#size--;
    if (worker !== undefined) {
      worker.agents.delete(agent);
      worker.held.delete(agent);
      if (type.pool.get(worker) === agent) type.pool.delete(worker);
    }
    agent.worker = undefined;
    agent.activation = 0;
    agent.isLeaving = false;
    agent.namespace.retire(agent);
  }

  /** Ends an activation on a worker to which nothing is on its way. @returns false when there is none. */
  endIdle(worker: Worker, number: number): boolean {
    const { namespace } = worker;
    const holder = namespace.roster.holder(number);
    if (holder?.worker !== worker) return false;
    if (holder instanceof Post) {
      namespace.roster.dismiss(number);
      namespace.retireType(holder.type);
      this.#size--;
      return true;
    }
    if (holder.inFlight > 0 || holder.waiting > 0) return false;
    this.end(holder);
    return true;
  }

  /** Ends the activations that rest on a worker, or those of one type. @returns their numbers. */
  endResting(worker: Worker, only?: AgentType<Worker, Agent>): number[] {
    const { namespace } = worker;
    const types = [...worker.posts.keys()];
    const numbers = namespace.roster.dismissAll(worker, only);
    for (const type of types) namespace.retireType(type);
    this.#size -= numbers.length;
    return numbers;
  }

  /**
   * Takes over an activation that a worker kept while this host did not exist: of two for one agent the larger number
   * wins. A number of this host is refused: it is active, or was ended here for good.
   */
  adopt(agent: Agent, worker: Worker, number: number): boolean {
    if (number > this.#numbers.start || worker.namespace.isTaken(number)) return false;
    if (agent.worker !== undefined) {
      if (agent.activation >= number || agent.inFlight > 0) return false;
      agent.worker.sink.deactivate([agent.activation]);
      this.end(agent);
    }
    agent.namespace.keep(agent);
    this.begin(agent, worker, number);
    return true;
  }
}
