/**
 * Every publish of this runtime until the mesh has accepted or refused it.
 *
 * B1. Sequences grow in the order in which publishes leave, over all sessions, and none is given twice.
 * B2. A publish is kept until it is answered. In a new session what was not answered leaves again, in order and before
 *     anything new, with the same sequence, so that the mesh recognises what it has accepted already.
 * B3. A publish outside of any turn takes part in the window.
 */
import {
  type Failure,
  type FailureHints,
  failure,
  MeshError,
  type TopicId,
} from "@agentmesh/proto";
import { NumberMap } from "@agentmesh/proto/link";
import type { AcceptedFrame, ContentBytes, PublishFrame } from "@agentmesh/proto/wire";
import type { PublishOptions } from "../agent/context.ts";
import { listenTo } from "../connection/caller-signal.ts";
import type { Renewal, Uplink } from "../connection/mesh-port.ts";
import type { CallOrigin } from "./call.ts";
import type { OutgoingMessage } from "./messaging.ts";
import { encodeMessage } from "./outgoing.ts";
import type { Departure, RequestWindow } from "./request-window.ts";

const NOT_LEFT: FailureHints = { outcome: "not-executed", retryable: true };
const MAYBE_ACCEPTED: FailureHints = { outcome: "unknown", retryable: false };

export class Publisher {
  readonly #uplink: Uplink;
  readonly #window: RequestWindow;
  /** What has left and was not answered, by sequence and in its order. */
  readonly #pending = new NumberMap<Publication>();
  /** What waits for the window. */
  readonly #waiting = new Set<Publication>();
  #maxBytes: number;
  #lastSequence = 0;
  #closed: Failure | undefined;

  constructor(uplink: Uplink, window: RequestWindow, maxBytes: number) {
    this.#uplink = uplink;
    this.#window = window;
    this.#maxBytes = maxBytes;
  }

  /** Publishes that are not answered. */
  get size(): number {
    return this.#pending.size + this.#waiting.size;
  }

  /** Replaces the limit of a message's size. */
  resize(maxBytes: number): void {
    this.#maxBytes = maxBytes;
  }

  /** Publishes an event; resolves when it was accepted. */
  publish(
    origin: CallOrigin,
    topic: TopicId,
    message: OutgoingMessage,
    options: PublishOptions,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const obstacle = this.#closed ?? origin.obstacle;
      if (obstacle !== undefined) throw new MeshError(obstacle);
      const { signal } = options;
      if (signal?.aborted === true) throw gaveUp(NOT_LEFT, signal.reason);
      const content = encodeMessage(message, options, this.#maxBytes);
      const publication = new Publication(this, origin, {
        topic,
        content,
        signal,
        resolve,
        reject,
      });
      if (publication.isWindowed) this.#window.enter(publication);
      else this.depart(publication);
      if (signal !== undefined) listenTo(signal, publication);
    });
  }

  /** The mesh has events. */
  accepted(frame: AcceptedFrame): void {
    for (const sequence of frame.sequences) {
      const publication = this.#pending.get(sequence);
      if (publication !== undefined) this.#settle(publication, undefined);
    }
  }

  /** The mesh did not take an event. */
  refused(sequence: number, reason: Failure): void {
    const publication = this.#pending.get(sequence);
    if (publication === undefined) return;
    const cameTooLate = reason.code === "HOST_DRAINING" && publication.isWindowed;
    if (cameTooLate && this.#window.isHeld) this.#enterAgain(publication);
    else this.#settle(publication, new MeshError(reason));
  }

  /** A new session has begun: what was not answered leaves again. */
  renewed(start: Renewal, isAlive: (activation: number) => boolean): void {
    for (const publication of this.#pending.values()) {
      const hasLeft = publication.position <= start.leftThrough;
      if (publication.activation !== 0 && !isAlive(publication.activation)) {
        const hints = hasLeft ? MAYBE_ACCEPTED : NOT_LEFT;
        this.#settle(publication, new MeshError(failure("ACTIVATION_STALE", undefined, hints)));
        continue;
      }
      publication.resent ||= hasLeft;
      publication.parent = 0;
      publication.position = this.#uplink.publish(publication);
    }
  }

  /** Nothing is published any more; what is open settles with `reason`. */
  close(reason: Failure): void {
    this.#closed ??= reason;
    for (const publication of [...this.#pending.values(), ...this.#waiting]) {
      const hints = publication.position === 0 ? NOT_LEFT : MAYBE_ACCEPTED;
      this.#settle(publication, new MeshError({ ...reason, ...hints, retryable: false }));
    }
  }

  /** It may leave. */
  depart(publication: Publication): void {
    this.#lastSequence++;
    publication.sequence = this.#lastSequence;
    this.#waiting.delete(publication);
    this.#pending.set(publication.sequence, publication);
    publication.position = this.#uplink.publish(publication);
  }

  /** It has to wait. */
  waits(publication: Publication): void {
    this.#waiting.add(publication);
  }

  /** The publisher's signal has fired. */
  cancelled(publication: Publication, reason: unknown): void {
    const hints = publication.position === 0 ? NOT_LEFT : MAYBE_ACCEPTED;
    this.#settle(publication, gaveUp(hints, reason));
  }

  /** A host that is leaving did not take it any more: then it waits for the next host, as what comes later does. */
  #enterAgain(publication: Publication): void {
    this.#window.settled(publication.content.length);
    this.#pending.delete(publication.sequence);
    publication.position = 0;
    publication.resent = false;
    try {
      this.#window.enter(publication);
    } catch (error) {
      publication.isWindowed = false;
      this.#settle(
        publication,
        error instanceof MeshError ? error : new MeshError(failure("INTERNAL")),
      );
    }
  }

  #settle(publication: Publication, error: MeshError | undefined): void {
    if (publication.isOver) return;
    publication.isOver = true;
    this.#pending.delete(publication.sequence);
    this.#waiting.delete(publication);
    if (publication.isWindowed) {
      if (publication.position === 0) this.#window.gaveUp(publication.content.length);
      else this.#window.settled(publication.content.length);
    }
    publication.settle(error);
  }
}

interface PublicationInit {
  readonly topic: TopicId;
  readonly content: ContentBytes;
  readonly signal: AbortSignal | undefined;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** One publish: its own frame, place in the window and listener of the publisher's signal. */
class Publication implements PublishFrame, Departure {
  readonly kind = "publish";
  readonly topic: TopicId;
  readonly content: ContentBytes;
  readonly activation: number;
  readonly delayMs = 0;
  readonly dedupId = "";
  isWindowed: boolean;
  sequence = 0;
  parent: number;
  resent = false;
  position = 0;
  isOver = false;
  readonly #publisher: Publisher;
  readonly #init: PublicationInit;

  constructor(publisher: Publisher, origin: CallOrigin, init: PublicationInit) {
    this.#publisher = publisher;
    this.#init = init;
    this.topic = init.topic;
    this.content = init.content;
    this.activation = origin.activation;
    this.parent = origin.parent;
    this.isWindowed = origin.parent === 0;
  }

  wait(): void {
    this.#publisher.waits(this);
  }

  leave(): void {
    this.#publisher.depart(this);
  }

  handleEvent(): void {
    this.#publisher.cancelled(this, this.#init.signal?.reason);
  }

  /** Tells who published. Called once. */
  settle(error: MeshError | undefined): void {
    this.#init.signal?.removeEventListener("abort", this);
    if (error === undefined) this.#init.resolve();
    else this.#init.reject(error);
  }
}

function gaveUp(hints: FailureHints, cause: unknown): MeshError {
  return new MeshError(failure("CANCELLED", undefined, hints), { cause });
}
