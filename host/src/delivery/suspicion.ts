/**
 * Which messages may have cost a worker its life, and how the guilty one is found without harm to the others.
 *
 * S1. Only open turns are suspected: of each agent the oldest deliveries, as many as its turns may run at a time. What
 *     was shipped behind them has not begun.
 * S2. A suspect is delivered while no other suspect is in flight to its worker, and nothing else to its agent. So a
 *     second loss shows which one it was. What is not suspected goes on beside it.
 * S3. The end of its turn, whatever it is, clears it.
 * S4. Every loss counts for all that were suspected of it, but a message is given up only over one of which it was the
 *     sole suspect, and not the first time that it was: a poisonous message that nobody suspects yet may have run beside
 *     it. Being beside such a one again and again harms nobody.
 */
import type { Agent } from "./agent.ts";
import type { Delivery } from "./delivery.ts";

/** What a lost delivery has to do with the loss: nothing, maybe something, or it is the only suspect. */
export type Suspicion = "none" | "shared" | "sole";

/** How many of its losses must have left no other suspect before a message is given up. The first one may have. */
export function proofsFor(crashLimit: number): number {
  return crashLimit > 2 ? 2 : 1;
}

/** A worker has left of itself. */
export function unsuspected(): Suspicion {
  return "none";
}

/** Tells of each delivery of a lost worker how far it is suspected. `tried` was in flight as a suspect already. */
export function suspicionsOf(
  lost: readonly Delivery[],
  tried: Delivery | undefined,
): (delivery: Delivery) => Suspicion {
  const open = openTurns(lost);
  return (delivery) => {
    if (!open.has(delivery)) return "none";
    return delivery === tried || open.size === 1 ? "sole" : "shared";
  };
}

/** The turns that may have run, of deliveries in the order of their shipping. */
function openTurns(lost: readonly Delivery[]): ReadonlySet<Delivery> {
  const open = new Set<Delivery>();
  const begun = new Map<Agent, number>();
  for (const delivery of lost) {
    const { agent, isNested } = delivery;
    const count = begun.get(agent) ?? 0;
    // A nested call may have entered a turn that waits: it takes no place.
    if (isNested || count < agent.type.concurrency) open.add(delivery);
    if (!isNested) begun.set(agent, count + 1);
  }
  return open;
}
