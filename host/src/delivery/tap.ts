import type { AgentId, Failure, TopicId } from "@agentmesh/proto";
import type { ContentBytes, Ending } from "@agentmesh/proto/wire";
import type { DeadLetter } from "../model/dead-letter.ts";
import type { MeshEvent } from "../model/event.ts";
import type { CallDelivery, Delivery } from "./delivery.ts";
import type { Namespace } from "./namespace.ts";
import type { Worker } from "./worker.ts";

/** A send or an event that was not taken. */
export interface Refusal {
  readonly namespace: Namespace;
  /** The worker that sent it; undefined for a client. */
  readonly from: Worker | undefined;
  /** Undefined for an event. */
  readonly target: AgentId | undefined;
  /** Undefined for a send. */
  readonly topic: TopicId | undefined;
  readonly content: ContentBytes;
  readonly failure: Failure;
}

/** Sees messages as they pass. It runs within the journeys: it must not throw, keep a content or take long. */
export interface Watcher {
  /** A send was taken. */
  sent(call: CallDelivery): void;
  /** An event was accepted; `from` is the worker that published it, undefined for a client. */
  published(event: MeshEvent, namespace: Namespace, from: Worker | undefined): void;
  /** A send or an event was refused. */
  refused(refusal: Refusal): void;
  /** A delivery was shipped to its worker. */
  shipped(delivery: Delivery): void;
  /** A delivery has ended; for a call, its caller was told. */
  ended(delivery: Delivery, ending: Ending): void;
  /** A dead letter was parked. */
  parked(letter: DeadLetter): void;
}

/** Where messages can be watched. While nobody watches, each of these places costs one branch. */
export class Tap {
  watcher: Watcher | undefined = undefined;
}
