import type { Agent } from "./agent.ts";

/** A part of the roster. */
export interface RosterPage {
  readonly agents: readonly Agent[];
  /** Where the next part starts; 0 after the last. */
  readonly next: number;
}

/** Entries that one page looks at: a filter that selects nothing holds up nobody. */
const LOOKED_AT_PER_PAGE = 2_000;
/** Entries of agents that have gone are kept until they are more than the others, and more than these. */
const FEW = 64;

/**
 * The active agents of a namespace in the order in which they became active, so that they can be listed page by page
 * while others come and go.
 *
 * R1. `#places` only grows from entry to entry; an agent is active exactly while the entry at its `place` holds it.
 * R2. At least half of the entries are alive, but for a few.
 */
export class Roster {
  #agents: Agent[] = [];
  #places: number[] = [];
  #size = 0;
  #lastPlace = 0;

  /** An agent has become active. */
  add(agent: Agent): void {
    agent.place = ++this.#lastPlace;
    this.#agents.push(agent);
    this.#places.push(agent.place);
    this.#size++;
  }

  /** An agent is not active any more. */
  remove(agent: Agent): void {
    if (agent.place === 0) return;
    agent.place = 0;
    this.#size--;
    if (this.#agents.length > 2 * this.#size + FEW) this.#compact();
  }

  /** At most `limit` agents behind `after` that are wanted; it may be fewer, even none, and not the last page. */
  page(after: number, limit: number, isWanted: (agent: Agent) => boolean): RosterPage {
    const agents: Agent[] = [];
    const start = this.#firstAfter(after);
    const stop = Math.min(this.#agents.length, start + LOOKED_AT_PER_PAGE);
    let index = start;
    for (; index < stop && agents.length < limit; index++) {
      const agent = this.#agents[index] as Agent;
      if (agent.place === this.#places[index] && isWanted(agent)) agents.push(agent);
    }
    const isLast = index >= this.#agents.length;
    return { agents, next: isLast ? 0 : (this.#places[index - 1] as number) };
  }

  /** Index of the first entry with a place above `after`, by bisection. */
  #firstAfter(after: number): number {
    let low = 0;
    let high = this.#places.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#places[middle] as number) > after) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #compact(): void {
    const places = this.#places;
    this.#agents = this.#agents.filter((agent, index) => agent.place === places[index]);
    this.#places = this.#agents.map(({ place }) => place);
  }
}
