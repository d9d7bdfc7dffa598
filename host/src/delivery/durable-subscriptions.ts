/**
 * The durable subscriptions of all namespaces: brings back those of earlier hosts, declares and ends them, and lets the
 * log forget what all of them are past.
 */
import {
  type Clock,
  type Failure,
  failure,
  failureOf,
  LIMITS,
  quote,
  type Timer,
} from "@agentmesh/proto";
import { type DurableSubscription, startAt } from "../model/durable-subscription.ts";
import { ONLY_PARTITION, type Store, type SubscriptionRecord } from "../store/ports.ts";
import { DurableFeed } from "./durable-feed.ts";
import type { FeedDispatch, FeedParts } from "./feed-ports.ts";
import type { Namespace } from "./namespace.ts";

/** So many events that all are past leave the log at once; fewer do after a while, so that their room is free again. */
const TRIM_STEP = 1_000;
const TRIM_MS = 1_000;

interface Parts {
  readonly clock: Clock;
  readonly store: Store;
  readonly dispatch: FeedDispatch;
  readonly park: FeedParts["park"];
  readonly isPaused: FeedParts["isPaused"];
  readonly namespace: (name: string) => Namespace;
  /** The store refused something that is tried again. */
  readonly onProblem: (subscription: DurableSubscription, error: unknown) => void;
}

export class DurableSubscriptions {
  readonly #parts: Parts;
  readonly #feeds = new Set<DurableFeed>();
  /** Declarations that are being written, by `namespace/name`: the next one of that name waits. */
  readonly #declaring = new Map<string, Promise<unknown>>();
  #trimmedThrough = 0;
  #trimming: Timer | undefined;
  #isClosed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Takes up the subscriptions that the store knows. Rejects with `STORE_UNAVAILABLE`. */
  async restore(): Promise<void> {
    const records = await this.#parts.store.subscriptions.list();
    const last = await this.#parts.store.events.last(ONLY_PARTITION);
    for (const record of records) this.#open(record, last);
    if (records.length === 0 && last > 0) await this.#trimUnwanted();
  }

  /**
   * Declares a subscription. One that exists stays as it is when it is the same, and is replaced when it differs and
   * `update` asks for that. @returns why not.
   */
  declare(subscription: DurableSubscription, update: boolean): Promise<Failure | undefined> {
    return this.#inTurn(subscription, () => this.#declare(subscription, update));
  }

  /** Ends a subscription: what it has not handled goes. @returns why not. */
  end(namespace: string, name: string): Promise<Failure | undefined> {
    return this.#inTurn({ namespace, name }, () => this.#end(namespace, name));
  }

  /** Writes all positions for the last time. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#trimming?.cancel();
    await Promise.all(Array.from(this.#feeds, (feed) => feed.close()));
  }

  async #inTurn(
    { namespace, name }: { namespace: string; name: string },
    act: () => Promise<Failure | undefined>,
  ): Promise<Failure | undefined> {
    const text = `${namespace}/${name}`;
    const earlier = this.#declaring.get(text) ?? Promise.resolve();
    const outcome = earlier.then(act).catch((error: unknown) => failureOf(error));
    this.#declaring.set(text, outcome);
    const refusal = await outcome;
    if (this.#declaring.get(text) === outcome) this.#declaring.delete(text);
    return refusal;
  }

  async #declare(subscription: DurableSubscription, update: boolean): Promise<Failure | undefined> {
    const { store } = this.#parts;
    if (!store.isDurable) return failure("UNIMPLEMENTED", NO_FOLDER);
    const namespace = this.#parts.namespace(subscription.namespace);
    const known = namespace.durable.get(subscription.name);
    if (known !== undefined) return this.#redeclare(known, subscription, update);
    if (namespace.durable.size >= LIMITS.durableSubscriptions) {
      const text = `a namespace may have ${LIMITS.durableSubscriptions} durable subscriptions`;
      return failure("OVERLOADED", text);
    }
    const last = await store.events.last(ONLY_PARTITION);
    const position = startAt(last);
    const outcome = await store.subscriptions.create(subscription, ONLY_PARTITION, position);
    if (outcome.kind === "conflict") return conflict(subscription);
    const positions = new Map([[ONLY_PARTITION, { position, revision: 1 }]]);
    const now = await store.events.last(ONLY_PARTITION);
    this.#open({ subscription, revision: outcome.revision, positions }, now);
    return undefined;
  }

  async #redeclare(
    feed: DurableFeed,
    subscription: DurableSubscription,
    update: boolean,
  ): Promise<Failure | undefined> {
    if (JSON.stringify(feed.subscription) === JSON.stringify(subscription)) return undefined;
    if (!update) return conflict(subscription);
    const outcome = await this.#parts.store.subscriptions.update(subscription, feed.revision);
    if (outcome.kind === "conflict") return conflict(subscription);
    feed.change(subscription, outcome.revision);
    this.#parts.namespace(subscription.namespace).keepDurable(feed);
    return undefined;
  }

  async #end(namespaceName: string, name: string): Promise<Failure | undefined> {
    const namespace = this.#parts.namespace(namespaceName);
    const feed = namespace.durable.get(name);
    if (feed === undefined) {
      return failure("SUBSCRIPTION_UNKNOWN", `there is no durable subscription ${quote(name)}`);
    }
    const outcome = await this.#parts.store.subscriptions.remove(feed.subscription, feed.revision);
    if (outcome.kind === "conflict") return conflict(feed.subscription);
    feed.end();
    this.#feeds.delete(feed);
    namespace.endDurable(name);
    // That it has ended is written; the room is free with the next trim at the latest.
    if (this.#feeds.size === 0) await this.#trimUnwanted().catch(() => undefined);
    else this.#trim();
    return undefined;
  }

  #open({ subscription, revision, positions }: SubscriptionRecord, last: number): void {
    const saved = positions.get(ONLY_PARTITION);
    if (saved === undefined) return;
    const namespace = this.#parts.namespace(subscription.namespace);
    const parts = { ...this.#parts, onAdvanced: () => this.#trim() };
    const feed = new DurableFeed({ namespace, subscription, revision, saved, last }, parts);
    this.#feeds.add(feed);
    namespace.keepDurable(feed);
    feed.start();
  }

  /** An event leaves the log when every subscription is past it. */
  #trim(): void {
    if (this.#feeds.size === 0 || this.#isClosed) return;
    const past = this.#past;
    if (past >= this.#trimmedThrough + TRIM_STEP) this.#trimThrough(past);
    if (this.#furthest > this.#trimmedThrough)
      this.#trimming ??= this.#parts.clock.after(TRIM_MS, () => this.#trimLate());
  }

  /** What no subscription wants, or not any more, leaves within a while, however little it is. */
  #trimLate(): void {
    this.#trimming = undefined;
    // Events are offered in the order of their sequences: up to the furthest feed, every feed has got its own.
    const furthest = this.#furthest;
    for (const feed of this.#feeds) feed.catchUp(furthest);
    if (this.#feeds.size > 0 && this.#past > this.#trimmedThrough) this.#trimThrough(this.#past);
  }

  get #furthest(): number {
    let furthest = 0;
    for (const feed of this.#feeds) furthest = Math.max(furthest, feed.known);
    return furthest;
  }

  get #past(): number {
    let past = Number.POSITIVE_INFINITY;
    for (const feed of this.#feeds) past = Math.min(past, feed.past);
    return past;
  }

  /** Nobody waits for what is in the log, and nothing comes into it as long as there is no subscription. */
  async #trimUnwanted(): Promise<void> {
    const last = await this.#parts.store.events.last(ONLY_PARTITION);
    if (this.#feeds.size === 0) this.#trimThrough(last);
  }

  #trimThrough(past: number): void {
    this.#trimmedThrough = past;
    // What stays for want of it goes with the next one.
    this.#parts.store.events.trim(ONLY_PARTITION, past).catch(() => undefined);
  }
}

const NO_FOLDER = "this host keeps everything in memory: durable subscriptions need `--data`";

function conflict({ name }: DurableSubscription): Failure {
  const text = `durable subscription ${quote(name)} exists with other options; \`update\` replaces them`;
  return failure("SUBSCRIPTION_CONFLICT", text);
}
