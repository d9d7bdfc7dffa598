import { AgentId } from "@agentmesh/proto";
import { AgentType, type AgentTypeLimits } from "../directory/agent-type.ts";
import { DurableIndex } from "../directory/durable-index.ts";
import { Subscriptions } from "../directory/subscriptions.ts";
import { Agent } from "./agent.ts";
import type { DurableFeed } from "./durable-feed.ts";
import { Roster } from "./roster.ts";
import type { Worker } from "./worker.ts";

/** Who keeps namespaces. */
export interface NamespaceHome {
  /** Limits of agent types that do not name their own. */
  readonly defaults: AgentTypeLimits;
  /** Someone has something in the namespace. */
  used(namespace: Namespace): void;
  /** Nobody has anything in it any more. */
  unused(namespace: Namespace): void;
  /** Whether an agent of any namespace has this activation. */
  isTaken(activation: number): boolean;
}

/**
 * Everything of one namespace. Namespaces cannot see each other because nothing outside of this object finds what is
 * in it.
 */
export class Namespace {
  readonly name: string;
  readonly subscriptions = new Subscriptions();
  /** Durable subscriptions, which belong to no session. */
  readonly durable = new DurableIndex<DurableFeed>();
  readonly types = new Map<string, AgentType<Worker, Agent>>();
  /** Those that are active. */
  readonly roster = new Roster(this);
  readonly #home: NamespaceHome;
  #sessions = 0;

  constructor(name: string, home: NamespaceHome) {
    this.name = name;
    this.#home = home;
  }

  /** A session belongs to it from now on. */
  join(): void {
    this.#sessions++;
    this.#home.used(this);
  }

  /** A session has ended. */
  leave(): void {
    this.#sessions--;
    this.#checkUse();
  }

  /** A durable subscription exists from now on, or has changed. */
  keepDurable(feed: DurableFeed): void {
    this.durable.put(feed);
    this.#home.used(this);
  }

  /** A durable subscription is over. */
  endDurable(name: string): void {
    this.durable.remove(name);
    this.#checkUse();
  }

  /** The agent, made when it does not exist. */
  agent(id: AgentId, type: AgentType<Worker, Agent>): Agent {
    const known = type.agents.get(id.key) ?? this.roster.find(type, id.key);
    if (known !== undefined) return known;
    // An id of its own: what arrived keeps its encoding with it, and there may be a million agents.
    const agent = new Agent(new AgentId(type.name, id.key), this, type);
    this.keep(agent);
    return agent;
  }

  /** The worker on which an agent is active; undefined when it is not. */
  workerOf(type: string, key: string): Worker | undefined {
    const known = this.types.get(type);
    return known === undefined ? undefined : this.roster.workerOf(known, key);
  }

  /** Whether an agent has this activation, also one of another namespace. */
  isTaken(activation: number): boolean {
    return this.roster.holder(activation) !== undefined || this.#home.isTaken(activation);
  }

  /** An agent that takes sends to any key, made when it does not exist. */
  pooledAgent(type: AgentType<Worker, Agent>, key: string): Agent {
    const known = type.agents.get(key);
    if (known !== undefined) return known;
    const agent = new Agent(new AgentId(type.name, key), this, type, true);
    this.keep(agent);
    return agent;
  }

  /** The type, made when it does not exist. */
  type(name: string): AgentType<Worker, Agent> {
    const known = this.types.get(name);
    if (known !== undefined) return known;
    const type = new AgentType<Worker, Agent>(name, this.#home.defaults);
    this.types.set(name, type);
    this.#home.used(this);
    return type;
  }

  /** Has the agent, which may have been forgotten meanwhile. */
  keep(agent: Agent): void {
    const { agents } = agent.type;
    if (!agents.has(agent.id.key)) agents.set(agent.id.key, agent);
  }

  /** Forgets an agent that is neither active nor waited for. */
  retire(agent: Agent): void {
    if (agent.worker !== undefined || agent.waiting > 0) return;
    const { agents } = agent.type;
    if (agents.get(agent.id.key) !== agent) return;
    agents.delete(agent.id.key);
    this.retireType(agent.type);
  }

  /** Forgets a type that no session announced and no agent has: two objects for one type would not see each other. */
  retireType(type: AgentType<Worker, Agent>): void {
    if (type.isKnown || type.isInhabited) return;
    this.types.delete(type.name);
    this.#checkUse();
  }

  /** Whoever has an agent has its type, too. */
  #checkUse(): void {
    if (this.#sessions === 0 && this.types.size === 0 && this.durable.size === 0)
      this.#home.unused(this);
  }
}
