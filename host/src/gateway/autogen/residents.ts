/**
 * The agents that are active on a client. Its workers never tell that an agent is idle, so the one that was used longest
 * ago is given up when there are more than the limit: the host forgets its place, the worker keeps it.
 */
import { LIMITS } from "@agentmesh/proto";
import type { Agent } from "../../delivery/agent.ts";
import type { Dispatcher } from "../../delivery/dispatcher.ts";
import type { Worker } from "../../delivery/worker.ts";

export class Residents {
  readonly #worker: Worker;
  readonly #dispatcher: Dispatcher;
  /** In the order of their last use. */
  readonly #agents = new Set<Agent>();

  constructor(worker: Worker, dispatcher: Dispatcher) {
    this.#worker = worker;
    this.#dispatcher = dispatcher;
  }

  /** An agent has been used. */
  touch(agent: Agent): void {
    this.#agents.delete(agent);
    this.#agents.add(agent);
    if (this.#agents.size <= LIMITS.autogenAgents) return;
    const [oldest] = this.#agents;
    if (oldest === undefined) return;
    this.#agents.delete(oldest);
    if (oldest.worker === this.#worker)
      this.#dispatcher.offerIdle(this.#worker, [oldest.activation]);
  }

  /** The worker has lost its agents. */
  clear(): void {
    this.#agents.clear();
  }
}
