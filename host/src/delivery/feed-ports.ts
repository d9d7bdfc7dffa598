/** What the feeds of durable subscriptions need of others. */
import type { Clock, Failure } from "@agentmesh/proto";
import type { DurableSubscription } from "../model/durable-subscription.ts";
import type { MeshEvent } from "../model/event.ts";
import type { Store } from "../store/ports.ts";
import type { Agent } from "./agent.ts";
import type { EventDelivery } from "./delivery.ts";

/** What a feed needs of delivery. */
export interface FeedDispatch {
  /** An event on its way to an agent, at the end of the order of arrival. */
  eventFor(agent: Agent, event: MeshEvent): EventDelivery;
  /** Ships it, or lets it wait. */
  dispatchDurable(delivery: EventDelivery): void;
  /** Lets an event wait at the head of its lane, which stands still meanwhile. */
  retry(delivery: EventDelivery, delayMs: number): void;
  /** Lets an event wait outside of the order. */
  setAside(delivery: EventDelivery, delayMs: number): void;
  /** Takes an event back that has not been shipped. @returns whether it waited. */
  takeBack(delivery: EventDelivery): boolean;
  /** What kept the events of an agent from being shipped is over. */
  proceed(agent: Agent): void;
}

export interface FeedParts {
  readonly clock: Clock;
  readonly store: Store;
  readonly dispatch: FeedDispatch;
  /** Whether nothing is sent to workers any more, because the host drains. */
  readonly isPaused: () => boolean;
  /** Keeps a dead letter. Rejects when the store refuses. */
  readonly park: (delivery: EventDelivery, reason: Failure, subscription: string) => Promise<void>;
  /** The store refused; it is tried again. */
  readonly onProblem: (subscription: DurableSubscription, error: unknown) => void;
  /** The stored position has moved. */
  readonly onAdvanced: () => void;
}
