import type { DurableSubscription, Position } from "../model/durable-subscription.ts";
import type {
  PositionRecord,
  SubscriptionKey,
  SubscriptionRecord,
  SubscriptionStore,
  WriteOutcome,
} from "./ports.ts";

const CONFLICT: WriteOutcome = { kind: "conflict" };

interface Kept {
  subscription: DurableSubscription;
  revision: number;
  readonly positions: Map<number, PositionRecord>;
}

/** Subscriptions that are gone when the process ends. */
export class MemorySubscriptions implements SubscriptionStore {
  readonly #kept = new Map<string, Kept>();

  async list(): Promise<readonly SubscriptionRecord[]> {
    return [...this.#kept.values()].map(({ subscription, revision, positions }) => ({
      subscription,
      revision,
      positions: new Map(positions),
    }));
  }

  async create(
    subscription: DurableSubscription,
    partition: number,
    position: Position,
  ): Promise<WriteOutcome> {
    const text = textOf(subscription);
    if (this.#kept.has(text)) return CONFLICT;
    const positions = new Map([[partition, { position, revision: 1 }]]);
    this.#kept.set(text, { subscription, revision: 1, positions });
    return written(1);
  }

  async update(subscription: DurableSubscription, revision: number): Promise<WriteOutcome> {
    const kept = this.#kept.get(textOf(subscription));
    if (kept?.revision !== revision) return CONFLICT;
    kept.subscription = subscription;
    kept.revision++;
    return written(kept.revision);
  }

  async remove(key: SubscriptionKey, revision: number): Promise<WriteOutcome> {
    if (this.#kept.get(textOf(key))?.revision !== revision) return CONFLICT;
    this.#kept.delete(textOf(key));
    return written(revision + 1);
  }

  async advance(
    key: SubscriptionKey,
    partition: number,
    { position, revision }: PositionRecord,
  ): Promise<WriteOutcome> {
    const kept = this.#kept.get(textOf(key));
    if (kept?.positions.get(partition)?.revision !== revision) return CONFLICT;
    kept.positions.set(partition, { position, revision: revision + 1 });
    return written(revision + 1);
  }
}

/** No namespace holds a slash. */
function textOf({ namespace, name }: SubscriptionKey): string {
  return `${namespace}/${name}`;
}

function written(revision: number): WriteOutcome {
  return { kind: "written", revision };
}
