import type { AgentType } from "../directory/agent-type.ts";
import type { Agent } from "./agent.ts";
import type { Worker } from "./worker.ts";

/** What the agents of one type that rest on one worker have in common: all that they do not keep themselves. */
export class Post {
  readonly type: AgentType<Worker, Agent>;
  readonly worker: Worker;
  #size = 0;

  constructor(type: AgentType<Worker, Agent>, worker: Worker) {
    this.type = type;
    this.worker = worker;
  }

  /** How many agents rest here. */
  get size(): number {
    return this.#size;
  }

  /** One more rests. */
  enter(): void {
    if (this.#size === 0) this.worker.posts.set(this.type, this);
    this.#size++;
    this.type.resting++;
  }

  /** One less does. */
  leave(): void {
    this.#size--;
    this.type.resting--;
    if (this.#size === 0) this.worker.posts.delete(this.type);
  }
}
