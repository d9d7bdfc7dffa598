/**
 * The active agents of a namespace, by number and by name. Most of a million of them have nothing to do: these rest,
 * and cost a row of a table, which holds their key and their number; an `Agent` is made again when one is needed.
 *
 * R1. An agent is active exactly while a row is its. The row refers to the agent itself while it is awake, and to the
 *     post of its type on its worker while it rests.
 * R2. Who rests has nothing in flight and nothing waiting, and nothing refers to the `Agent` that it was.
 * R3. Agents are put to rest between two turns of the event loop: whoever looks one up may use it until then.
 * R4. `#awake` holds every agent that is awake, longest first; those that have ended meanwhile leave it in passing.
 */
import { AgentId } from "@agentmesh/proto";
import { Fifo, placeOf, RowIndex, Rows } from "@agentmesh/proto/link";
import type { AgentType } from "../directory/agent-type.ts";
import { Agent } from "./agent.ts";
import type { Namespace } from "./namespace.ts";
import { Post } from "./post.ts";
import { cellsOfPage, hashOfName, hashOfNumber, type RosterCells } from "./roster-cells.ts";
import type { Worker } from "./worker.ts";

/** An active agent as it is listed. */
export type ActiveAgent = Pick<Agent, "id" | "activation" | "worker" | "inFlight" | "waiting">;

/** A part of the roster. */
export interface RosterPage {
  readonly agents: readonly ActiveAgent[];
  /** Where the next part starts; 0 after the last. */
  readonly next: number;
}

/** Rows that one page looks at: a filter that selects nothing holds up nobody. */
const LOOKED_AT_PER_PAGE = 2_000;
/** Agents that stay awake although they have nothing to do: messages come back to those of late. */
const MOST_AWAKE = 1_024;

export class Roster {
  readonly #namespace: Namespace;
  readonly #mostAwake: number;
  readonly #rows = new Rows<RosterCells>(cellsOfPage);
  readonly #byNumber = new RowIndex((row) => hashOfNumber(this.#numberAt(row)));
  readonly #byName = new RowIndex((row) => hashOfName(this.#holderAt(row).type, this.#keyAt(row)));
  readonly #awake = new Fifo<Agent>();
  #isSettling = false;

  constructor(namespace: Namespace, mostAwake = MOST_AWAKE) {
    this.#namespace = namespace;
    this.#mostAwake = mostAwake;
  }

  /** How many agents are active. */
  get size(): number {
    return this.#rows.size;
  }

  /** An agent has become active. */
  add(agent: Agent): void {
    const row = this.#rows.take();
    const cells = this.#rows.pageOf(row);
    const place = placeOf(row);
    cells.numbers[place] = agent.activation;
    cells.keys[place] = agent.id.key;
    cells.holders[place] = agent;
    this.#byNumber.add(row);
    this.#byName.add(row);
    this.#wakes(agent, row);
  }

  /** An agent is not active any more. */
  remove(agent: Agent): void {
    if (agent.row < 0) return;
    this.#free(agent.row);
    agent.row = -1;
  }

  /** Who has this activation: the agent, or the post where it rests; undefined when it has ended. */
  holder(number: number): Agent | Post | undefined {
    const row = this.#rowOf(number);
    return row < 0 ? undefined : this.#holderAt(row);
  }

  /** The agent with this activation, awake; undefined when it has ended. */
  get(number: number): Agent | undefined {
    const row = this.#rowOf(number);
    return row < 0 ? undefined : this.#wake(row);
  }

  /** The agent of this name, awake; undefined when it is not active. */
  find(type: AgentType<Worker, Agent>, key: string): Agent | undefined {
    const row = this.#rowOfName(type, key);
    return row < 0 ? undefined : this.#wake(row);
  }

  /** The worker on which an agent is active; undefined when it is not. */
  workerOf(type: AgentType<Worker, Agent>, key: string): Worker | undefined {
    const row = this.#rowOfName(type, key);
    return row < 0 ? undefined : this.#holderAt(row).worker;
  }

  /** Ends an activation that rests. */
  dismiss(number: number): void {
    const row = this.#rowOf(number);
    if (row >= 0) this.#dismissRow(row);
  }

  /** Ends all activations that rest on a worker, or those of one type. @returns their numbers. */
  dismissAll(worker: Worker, type: AgentType<Worker, Agent> | undefined): number[] {
    const posts = [...worker.posts.values()].filter(
      (post) => type === undefined || post.type === type,
    );
    const numbers: number[] = [];
    for (let row = 0; row < this.#rows.end && posts.some(({ size }) => size > 0); row++) {
      const holder = this.#rows.pageAt(row)?.holders[placeOf(row)];
      if (!(holder instanceof Post) || !posts.includes(holder)) continue;
      numbers.push(this.#numberAt(row));
      this.#dismissRow(row);
    }
    return numbers;
  }

  /**
   * At most `limit` agents from row `from` on that are wanted; it may be fewer, even none, and not the last page. Who is
   * active all the time is on one page; the order is nobody's.
   */
  page(from: number, limit: number, isWanted: (agent: ActiveAgent) => boolean): RosterPage {
    const agents: ActiveAgent[] = [];
    const { end } = this.#rows;
    const stop = Math.min(end, from + LOOKED_AT_PER_PAGE);
    let row = from;
    for (; row < stop && agents.length < limit; row++) {
      const agent = this.#viewOf(row);
      if (agent !== undefined && isWanted(agent)) agents.push(agent);
    }
    return { agents, next: row >= end ? 0 : row };
  }

  #viewOf(row: number): ActiveAgent | undefined {
    const holder = this.#rows.pageAt(row)?.holders[placeOf(row)];
    if (!(holder instanceof Post)) return holder;
    const { type, worker } = holder;
    const id = new AgentId(type.name, this.#keyAt(row));
    return { id, activation: this.#numberAt(row), worker, inFlight: 0, waiting: 0 };
  }

  #wake(row: number): Agent {
    const holder = this.#holderAt(row);
    if (!(holder instanceof Post)) return holder;
    const { type, worker } = holder;
    const id = new AgentId(type.name, this.#keyAt(row));
    const agent = new Agent(id, this.#namespace, type);
    agent.worker = worker;
    agent.activation = this.#numberAt(row);
    type.agents.set(id.key, agent);
    worker.agents.add(agent);
    holder.leave();
    this.#rows.pageOf(row).holders[placeOf(row)] = agent;
    this.#wakes(agent, row);
    return agent;
  }

  #wakes(agent: Agent, row: number): void {
    agent.row = row;
    this.#awake.push(agent);
    if (this.#isSettling || this.#awake.length <= this.#mostAwake) return;
    this.#isSettling = true;
    setImmediate(this.#settle);
  }

  /** Looks once at those who have been awake for longest, until no more are awake than may be. */
  readonly #settle = (): void => {
    this.#isSettling = false;
    let looks = this.#awake.length;
    for (; looks > 0 && this.#awake.length > this.#mostAwake; looks--) {
      const agent = this.#awake.shift();
      if (agent === undefined || agent.row < 0) continue;
      if (agent.canRest) this.#rest(agent);
      else this.#awake.push(agent);
    }
  };

  #rest(agent: Agent): void {
    const { type, worker, row } = agent;
    if (worker === undefined) return;
    const post = worker.posts.get(type) ?? new Post(type, worker);
    this.#rows.pageOf(row).holders[placeOf(row)] = post;
    post.enter();
    type.agents.delete(agent.id.key);
    worker.agents.delete(agent);
    agent.row = -1;
  }

  #dismissRow(row: number): void {
    const holder = this.#holderAt(row);
    this.#free(row);
    if (holder instanceof Post) holder.leave();
  }

  #free(row: number): void {
    this.#byNumber.remove(row);
    this.#byName.remove(row);
    const cells = this.#rows.pageOf(row);
    const place = placeOf(row);
    cells.keys[place] = "";
    cells.holders[place] = undefined;
    this.#rows.give(row);
  }

  #rowOf(number: number): number {
    let place = this.#byNumber.first(hashOfNumber(number));
    let row = this.#byNumber.rowAt(place);
    while (row >= 0 && this.#numberAt(row) !== number) {
      place = this.#byNumber.after(place);
      row = this.#byNumber.rowAt(place);
    }
    return row;
  }

  #rowOfName(type: AgentType<Worker, Agent>, key: string): number {
    let place = this.#byName.first(hashOfName(type, key));
    let row = this.#byName.rowAt(place);
    while (row >= 0 && (this.#keyAt(row) !== key || this.#holderAt(row).type !== type)) {
      place = this.#byName.after(place);
      row = this.#byName.rowAt(place);
    }
    return row;
  }

  #numberAt(row: number): number {
    return this.#rows.pageOf(row).numbers[placeOf(row)] as number;
  }

  #keyAt(row: number): string {
    return this.#rows.pageOf(row).keys[placeOf(row)] as string;
  }

  #holderAt(row: number): Agent | Post {
    return this.#rows.pageOf(row).holders[placeOf(row)] as Agent | Post;
  }
}
