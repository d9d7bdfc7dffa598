/**
 * Agent types that several clients of one namespace own. A worker of AutoGen gives an event to all of its agents that
 * match; so all agents of one key live on one client, and each event has one client there.
 */
import type { Namespace } from "../../delivery/namespace.ts";
import type { Worker } from "../../delivery/worker.ts";
import type { Cohort } from "../../directory/cohort.ts";

export class TypeGroup implements Cohort<Worker> {
  readonly #namespace: Namespace;
  readonly #names = new Set<string>();

  constructor(namespace: Namespace) {
    this.#namespace = namespace;
  }

  /** The type belongs to them from now on. */
  add(name: string): void {
    this.#names.add(name);
    this.#namespace.type(name).cohort = this;
  }

  workerOf(key: string): Worker | undefined {
    for (const name of this.#names) {
      const worker = this.#namespace.workerOf(name, key);
      if (worker !== undefined) return worker;
      if (!this.#namespace.types.has(name)) this.#names.delete(name);
    }
    return undefined;
  }
}
