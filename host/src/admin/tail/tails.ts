/**
 * All tails of the host. It watches the journeys exactly while there is a tail.
 */
import { type Clock, type Failure, failure } from "@agentmesh/proto";
import { TailKind, type TailRequest } from "@agentmesh/proto/agentmesh/v1";
import type { Ending } from "@agentmesh/proto/wire";
import type { CallDelivery, Delivery } from "../../delivery/delivery.ts";
import type { Namespace } from "../../delivery/namespace.ts";
import type { Refusal, Tap, Watcher } from "../../delivery/tap.ts";
import type { Worker } from "../../delivery/worker.ts";
import { sessionOf, type WorkerSession } from "../../gateway/worker-session.ts";
import type { DeadLetter } from "../../model/dead-letter.ts";
import type { MeshEvent } from "../../model/event.ts";
import { callerOf } from "../../router/caller.ts";
import { type Sighting, selects } from "./sighting.ts";
import { TailFeed, type TailSink } from "./tail-feed.ts";

/** Tails of one host; each costs time for every message. */
const MOST_TAILS = 16;

/** A tail that has begun. */
export interface Tail {
  /** Its stream can take more. */
  drained(): void;
  /** Ends it. Idempotent. */
  close(): void;
}

interface Follower {
  readonly namespace: string;
  readonly filter: TailRequest;
  readonly feed: TailFeed;
  readonly onClosed: () => void;
}

export class Tails implements Watcher {
  readonly #clock: Clock;
  readonly #tap: Tap;
  readonly #followers = new Set<Follower>();

  constructor(clock: Clock, tap: Tap) {
    this.#clock = clock;
    this.#tap = tap;
  }

  /** Begins a tail of a namespace. `onClosed` is called when the host ends it. @returns why not. */
  follow(
    namespace: string,
    filter: TailRequest,
    sink: TailSink,
    onClosed: () => void,
  ): Tail | Failure {
    if (this.#followers.size >= MOST_TAILS) {
      return failure("OVERLOADED", `${MOST_TAILS} tails follow this host; no more are allowed`);
    }
    const feed = new TailFeed(this.#clock, sink);
    const follower = { namespace, filter, feed, onClosed };
    this.#followers.add(follower);
    this.#tap.watcher = this;
    return { drained: () => feed.drained(), close: () => this.#forget(follower) };
  }

  /** Ends all tails. */
  close(): void {
    for (const follower of [...this.#followers]) {
      this.#forget(follower);
      follower.onClosed();
    }
  }

  sent(call: CallDelivery): void {
    this.#seen({ ...deliverySighting(TailKind.SEND, call), to: undefined });
  }

  published(event: MeshEvent, namespace: Namespace, from: Worker | undefined): void {
    this.#seen({
      ...eventSighting(event, namespace.name),
      kind: TailKind.PUBLISH,
      from: sessionOf(from),
    });
  }

  refused({ namespace, from, target, topic, content, failure }: Refusal): void {
    this.#seen({
      kind: TailKind.REFUSE,
      namespace: namespace.name,
      id: 0,
      sender: undefined,
      target,
      topic,
      from: sessionOf(from),
      to: undefined,
      content,
      failure,
    });
  }

  shipped(delivery: Delivery): void {
    this.#seen(deliverySighting(TailKind.DELIVER, delivery));
  }

  ended(delivery: Delivery, ending: Ending): void {
    const sighting = deliverySighting(TailKind.END, delivery);
    const content = ending.kind === "reply" ? ending.content : delivery.content;
    const failure = ending.kind === "failed" ? ending.failure : undefined;
    this.#seen({ ...sighting, content, failure });
  }

  parked(letter: DeadLetter): void {
    this.#seen({
      kind: TailKind.DEAD_LETTER,
      namespace: letter.namespace,
      id: letter.id,
      sender: letter.sender,
      target: letter.target,
      topic: letter.topic,
      from: undefined,
      to: undefined,
      content: letter.content,
      failure: letter.failure,
    });
  }

  #seen(sighting: Sighting): void {
    for (const { namespace, filter, feed } of this.#followers) {
      if (namespace === sighting.namespace && selects(filter, sighting)) feed.offer(sighting);
    }
  }

  #forget(follower: Follower): void {
    follower.feed.close();
    this.#followers.delete(follower);
    if (this.#followers.size === 0) this.#tap.watcher = undefined;
  }
}

function deliverySighting(kind: TailKind, delivery: Delivery): Sighting {
  const { agent, content, sender } = delivery;
  const isCall = delivery.kind === "call";
  return {
    kind,
    namespace: agent.namespace.name,
    id: delivery.id,
    sender,
    target: agent.id,
    topic: isCall ? undefined : delivery.event.topic,
    from: isCall ? callerSession(delivery) : undefined,
    to: sessionOf(delivery.worker),
    content,
    failure: undefined,
  };
}

function eventSighting(event: MeshEvent, namespace: string): Sighting {
  return {
    kind: TailKind.PUBLISH,
    namespace,
    id: event.id,
    sender: event.sender,
    target: undefined,
    topic: event.topic,
    from: undefined,
    to: undefined,
    content: event.content,
    failure: undefined,
  };
}

function callerSession(call: CallDelivery): WorkerSession | undefined {
  return sessionOf(callerOf(call).worker);
}
