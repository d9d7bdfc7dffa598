/**
 * Which durable subscriptions of a namespace an event belongs to.
 *
 * I1. `#byName` is authoritative; `#matches` is a cache of it by topic type, emptied by every change.
 */
import { LIMITS } from "@agentmesh/proto";
import type { DurableSubscription } from "../model/durable-subscription.ts";
import { matches } from "../model/topic-match.ts";

/** What takes the events of a subscription. */
export interface Subscribed {
  readonly subscription: DurableSubscription;
}

export class DurableIndex<Taker extends Subscribed> {
  readonly #byName = new Map<string, Taker>();
  readonly #matches = new Map<string, readonly Taker[]>();
  readonly #none: readonly Taker[] = [];

  get size(): number {
    return this.#byName.size;
  }

  get(name: string): Taker | undefined {
    return this.#byName.get(name);
  }

  all(): Iterable<Taker> {
    return this.#byName.values();
  }

  /** Adds it, or notes that its subscription has changed. */
  put(taker: Taker): void {
    this.#byName.set(taker.subscription.name, taker);
    this.#matches.clear();
  }

  remove(name: string): void {
    this.#byName.delete(name);
    this.#matches.clear();
  }

  /** Who takes events of this topic type. Costs nothing where there is no durable subscription. */
  match(topicType: string): readonly Taker[] {
    if (this.#byName.size === 0) return this.#none;
    const known = this.#matches.get(topicType);
    if (known !== undefined) return known;
    const found = [...this.#byName.values()].filter(({ subscription }) =>
      matches(subscription.match, topicType),
    );
    if (this.#matches.size >= LIMITS.cachedTopics) this.#matches.clear();
    this.#matches.set(topicType, found);
    return found;
  }
}
