/** What the run has found out about each requirement. */
import type { Requirement } from "./requirements.ts";

export type Verdict =
  | { readonly kind: "met" }
  | { readonly kind: "broken"; readonly reason: string }
  /** It does not concern the worker, by what the worker says of itself. */
  | { readonly kind: "not-claimed"; readonly reason: string };

const UNSEEN: Verdict = { kind: "not-claimed", reason: "nothing that was tried shows it" };

/** A requirement with its verdict. */
export interface Finding {
  readonly requirement: Requirement;
  readonly verdict: Verdict;
}

/** Collects them. What was broken once stays broken, with the first reason. */
export class Verdicts {
  readonly #requirements: readonly Requirement[];
  readonly #byId = new Map<string, Verdict>();

  constructor(requirements: readonly Requirement[]) {
    this.#requirements = requirements;
  }

  met(id: string): void {
    if (this.#byId.get(id)?.kind !== "broken") this.#byId.set(id, { kind: "met" });
  }

  broken(id: string, reason: string): void {
    if (this.#byId.get(id)?.kind !== "broken") this.#byId.set(id, { kind: "broken", reason });
  }

  notClaimed(id: string, reason: string): void {
    if (!this.#byId.has(id)) this.#byId.set(id, { kind: "not-claimed", reason });
  }

  /** Those that were to be tried, in the order of the manual. */
  findings(): readonly Finding[] {
    return this.#requirements.map((requirement) => ({
      requirement,
      verdict: this.#byId.get(requirement.id) ?? UNSEEN,
    }));
  }
}
