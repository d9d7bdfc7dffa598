import type { AgentTypeLimits } from "../directory/agent-type.ts";
import { Namespace, type NamespaceHome } from "./namespace.ts";

/**
 * The namespaces in which someone has something: a session, an agent type or an agent. The others are forgotten, so
 * that nobody can fill the table by naming ones in which nobody is.
 */
export class Namespaces implements NamespaceHome {
  readonly defaults: AgentTypeLimits;
  readonly #byName = new Map<string, Namespace>();

  constructor(defaults: AgentTypeLimits) {
    this.defaults = defaults;
  }

  /** The namespace; one in which nobody has anything is kept once someone has. */
  get(name: string): Namespace {
    return this.#byName.get(name) ?? new Namespace(name, this);
  }

  /** All that are in use. */
  all(): Iterable<Namespace> {
    return this.#byName.values();
  }

  used(namespace: Namespace): void {
    this.#byName.set(namespace.name, namespace);
  }

  isTaken(activation: number): boolean {
    for (const { roster } of this.#byName.values()) {
      if (roster.holder(activation) !== undefined) return true;
    }
    return false;
  }

  unused(namespace: Namespace): void {
    if (this.#byName.get(namespace.name) === namespace) this.#byName.delete(namespace.name);
  }
}
