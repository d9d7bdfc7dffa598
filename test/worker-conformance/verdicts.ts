/** What the run has found out about each requirement. */
import { REQUIREMENTS, type Requirement } from "./requirements.ts";

export type Verdict =
  | { readonly kind: "met" }
  | { readonly kind: "broken"; readonly reason: string }
  | { readonly kind: "not-tried"; readonly reason: string };

/** A requirement with its verdict. */
export interface Finding {
  readonly requirement: Requirement;
  readonly verdict: Verdict;
}

/** Collects them. What was broken once stays broken, with the first reason. */
export class Verdicts {
  readonly #byId = new Map<string, Verdict>();

  met(id: string): void {
    if (this.#byId.get(id)?.kind !== "broken") this.#byId.set(id, { kind: "met" });
  }

  broken(id: string, reason: string): void {
    if (this.#byId.get(id)?.kind !== "broken") this.#byId.set(id, { kind: "broken", reason });
  }

  notTried(id: string, reason: string): void {
    if (!this.#byId.has(id)) this.#byId.set(id, { kind: "not-tried", reason });
  }

  /** All requirements, in the order of the manual. */
  findings(): readonly Finding[] {
    return REQUIREMENTS.map((requirement) => ({
      requirement,
      verdict: this.#byId.get(requirement.id) ?? { kind: "not-tried", reason: "nothing tried it" },
    }));
  }
}
