import type { Clock } from "@agentmesh/proto";
import type { Counters } from "../observability/counters.ts";
import type { StoreLog } from "../observability/store-log.ts";
import type { Store } from "../store/ports.ts";
import { DeadLetterAging } from "./dead-letter-aging.ts";
import type { ParkingOffice } from "./dead-letter-office.ts";
import { DurableSubscriptions } from "./durable-subscriptions.ts";
import type { FeedDispatch } from "./feed-ports.ts";
import type { Namespace } from "./namespace.ts";
import { Replays } from "./replays.ts";

/** What delivery takes from the store and gives back to it, beside the messages that pass. */
export class StoredWork {
  readonly durable: DurableSubscriptions;
  readonly replays: Replays;
  readonly #aging: DeadLetterAging;
  #isPaused = false;

  constructor(parts: {
    readonly clock: Clock;
    readonly store: Store;
    readonly dispatch: FeedDispatch;
    readonly office: ParkingOffice;
    readonly counters: Counters;
    readonly log: StoreLog;
    readonly namespace: (name: string) => Namespace;
    /** Milliseconds for which a dead letter is kept. */
    readonly deadLetterAgeMs: number;
  }) {
    const { clock, store, office, log } = parts;
    const isPaused = (): boolean => this.#isPaused;
    this.durable = new DurableSubscriptions({
      ...parts,
      isPaused,
      park: (delivery, reason, name) => office.keep(delivery, reason, name),
      onProblem: (subscription, error) => log.refused(subscription, error),
    });
    this.replays = new Replays({
      ...parts,
      isPaused,
      store: store.deadLetters,
      onProblem: (letter, error) => log.replayRefused(letter, error),
    });
    this.#aging = new DeadLetterAging(clock, store.deadLetters, parts.deadLetterAgeMs);
  }

  /** Takes up what an earlier host has left. Rejects with `STORE_UNAVAILABLE`. */
  async restore(): Promise<void> {
    await this.durable.restore();
    await this.replays.restore();
    this.#aging.start();
  }

  /** Sends nothing more to workers: it waits for the next host, which the store tells of it. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Writes for the last time how far everything is, and stops. */
  async close(): Promise<void> {
    this.#aging.close();
    this.replays.close();
    await this.durable.close();
  }
}
