import type { Turn } from "./turn.ts";

/**
 * Turns that run one after the other: the mailbox of an activation, or those that enter one waiting turn. Several may
 * run at a time in a mailbox with `concurrency`.
 *
 * L1. Turns start in the order in which they were added.
 * L2. `running` counts those that hold a place; a turn holds it until itself and all that entered it are over.
 */
export class Lane {
  /** The turn that the others enter; undefined for a mailbox. */
  readonly owner: Turn | undefined;
  running = 0;
  #first: Turn | undefined;
  #last: Turn | undefined;

  constructor(owner: Turn | undefined) {
    this.owner = owner;
  }

  /** Whether nothing runs and nothing waits. */
  get isIdle(): boolean {
    return this.running === 0 && this.peek() === undefined;
  }

  /** Adds a turn behind all others. */
  push(turn: Turn): void {
    if (this.#last === undefined) this.#first = turn;
    else this.#last.behind = turn;
    this.#last = turn;
  }

  /** The turn that waits longest; those that ended while they waited are skipped. */
  peek(): Turn | undefined {
    let first = this.#first;
    while (first !== undefined && first.phase !== "waiting") first = first.behind;
    this.#first = first;
    if (first === undefined) this.#last = undefined;
    return first;
  }

  /** Those that wait, longest first. */
  *waiting(): Generator<Turn, void, undefined> {
    for (let turn = this.#first; turn !== undefined; turn = turn.behind) {
      if (turn.phase === "waiting") yield turn;
    }
  }

  /** Takes the turn that waits longest. */
  shift(): Turn | undefined {
    const turn = this.peek();
    if (turn === undefined) return undefined;
    this.#first = turn.behind;
    if (this.#first === undefined) this.#last = undefined;
    turn.behind = undefined;
    return turn;
  }
}
