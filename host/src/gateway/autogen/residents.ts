/**
 * The agents that are active on a client. Its workers never tell that an agent is idle, so the one that was used longest
 * ago is given up when there are more than the limit: the host forgets its place, the worker keeps it.
 */
import { LIMITS } from "@agentmesh/proto";
import type { Dispatcher } from "../../delivery/dispatcher.ts";
import type { Worker } from "../../delivery/worker.ts";

export class Residents {
  readonly #worker: Worker;
  readonly #dispatcher: Dispatcher;
  /** Their activations, in the order of their last use. */
  readonly #activations = new Set<number>();

  constructor(worker: Worker, dispatcher: Dispatcher) {
    this.#worker = worker;
    this.#dispatcher = dispatcher;
  }

  /** An agent has been used. */
  touch(activation: number): void {
    this.#activations.delete(activation);
    this.#activations.add(activation);
    if (this.#activations.size <= LIMITS.autogenAgents) return;
    const [oldest] = this.#activations;
    if (oldest === undefined) return;
    this.#activations.delete(oldest);
    this.#dispatcher.offerIdle(this.#worker, [oldest]);
  }

  /** The worker has lost its agents. */
  clear(): void {
    this.#activations.clear();
  }
}
