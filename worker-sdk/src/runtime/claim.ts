/**
 * Something that a runtime asks its host to know, and later to forget: an agent type, a subscription.
 *
 * Phases: `asked` → `confirmed` → `leaving` → `gone`; what is refused goes from `asked` to `gone` at once.
 *
 * K1. Only what is `confirmed` is told to a new host. What has no answer yet is asked for once more by the uplink.
 * K2. Whose waiting ends leaves the phase as it is: the host may have carried out what it was asked for.
 * K3. What the host does not know is gone: it may be a new host, or have forgotten it before.
 */
import { MeshError } from "@agentmesh/proto";

/** Asks the host; rejects with the reason of `signal` when that fires. */
export type Ask = (signal: AbortSignal) => Promise<void>;

export class Claim {
  readonly #make: Ask;
  readonly #drop: Ask;
  #phase: "asked" | "confirmed" | "leaving" | "gone" = "asked";

  constructor(make: Ask, drop: Ask) {
    this.#make = make;
    this.#drop = drop;
  }

  get isConfirmed(): boolean {
    return this.#phase === "confirmed";
  }

  /** Asks the host to know it. @throws MeshError why the host refused, or the reason of `signal`. */
  async make(signal: AbortSignal): Promise<void> {
    try {
      await this.#make(signal);
    } catch (error) {
      if (!signal.aborted) this.#phase = "gone";
      throw error;
    }
    if (this.#phase === "asked") this.#phase = "confirmed";
  }

  /** Asks the host to forget it, as `drop` does when that is not the usual way. @throws MeshError the reason of `signal`. */
  async drop(signal: AbortSignal, drop: Ask = this.#drop): Promise<void> {
    if (this.#phase === "gone") return;
    this.#phase = "leaving";
    try {
      await drop(signal);
    } catch (error) {
      if (!isUnknown(error)) throw error;
    }
    this.#phase = "gone";
  }
}

/** Asks the host to know all of them, or none. @throws what failed first in the list. */
export async function makeAll(claims: readonly Claim[], signal: AbortSignal): Promise<void> {
  try {
    await all(claims.map((claim) => claim.make(signal)));
  } catch (error) {
    await Promise.allSettled(claims.map((claim) => claim.drop(signal)));
    throw error;
  }
}

/** Waits for all, also when one fails early. @throws what failed first in the list. */
export async function all(steps: readonly Promise<unknown>[]): Promise<void> {
  const outcomes = await Promise.allSettled(steps);
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
}

function isUnknown(error: unknown): boolean {
  if (!(error instanceof MeshError)) return false;
  return error.code === "AGENT_TYPE_UNKNOWN" || error.code === "SUBSCRIPTION_UNKNOWN";
}
