/**
 * Every publish of this runtime until the mesh has accepted or refused it.
 *
 * B1. Sequences grow in the order in which publishes leave, over all sessions, and none is given twice.
 * B2. A publish is kept until it is answered. In a new session what was not answered leaves again, in order and before
 *     anything new, with the same sequence, so that the mesh recognises what it has accepted already.
 * B3. A publish outside of any turn takes part in the window.
 * B4. Nothing leaves that is larger than the host of the moment allows: it would break the stream, again and again.
 * B5. Its own deadline settles it even when the mesh is silent; the event may be accepted all the same.
 */
import {
  Deadline,
  type Deadlines,
  type ErrorCode,
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
import type { MeshLimits, Renewal, Uplink } from "../connection/mesh-port.ts";
import type { CallOrigin } from "./call.ts";
import type { OutgoingMessage } from "./messaging.ts";
import { checkTimeout, encodeMessage } from "./outgoing.ts";
import type { Departure, RequestWindow } from "./request-window.ts";

const NOT_LEFT: FailureHints = { outcome: "not-executed", retryable: true };
const MAYBE_ACCEPTED: FailureHints = { outcome: "unknown", retryable: false };

export interface PublisherParts {
  readonly deadlines: Deadlines;
  readonly uplink: Uplink;
  readonly window: RequestWindow;
}

export class Publisher {
  readonly #deadlines: Deadlines;
  readonly #uplink: Uplink;
  readonly #window: RequestWindow;
  /** What has left and was not answered, by sequence and in its order. */
  readonly #pending = new NumberMap<Publication>();
  /** What waits for the window. */
  readonly #waiting = new Set<Publication>();
  #limits: MeshLimits;
  #lastSequence = 0;
  #closed: Failure | undefined;
  /** Called when the last publish was answered. */
  onQuiet: (() => void) | undefined = undefined;

  constructor({ deadlines, uplink, window }: PublisherParts, limits: MeshLimits) {
    this.#deadlines = deadlines;
    this.#uplink = uplink;
    this.#window = window;
    this.#limits = limits;
  }

  /** Publishes that are not answered. */
  get size(): number {
    return this.#pending.size + this.#waiting.size;
  }

  /** Replaces the limits. What waits and is too large for them is refused. */
  resize(limits: MeshLimits): void {
    this.#limits = limits;
    for (const publication of this.#waiting) {
      if (this.#isTooLarge(publication)) this.#fail(publication, "PAYLOAD_TOO_LARGE", false);
    }
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
      if (signal?.aborted === true) throw gaveUp("CANCELLED", NOT_LEFT, signal.reason);
      const limits = this.#limits;
      const timeoutMs =
        options.timeoutMs === undefined ? limits.timeoutMs : checkTimeout(options.timeoutMs);
      const content = encodeMessage(message, options, limits.maxPayloadBytes);
      const publication = new Publication(this, origin, {
        topic,
        content,
        signal,
        resolve,
        reject,
      });
      if (publication.isWindowed) this.#window.enter(publication);
      else this.depart(publication);
      this.#deadlines.arm(publication, timeoutMs);
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
    if (cameTooLate && this.#window.isHeld) this.#takeBack(publication);
    else this.#settle(publication, new MeshError(reason));
  }

  /** A new session has begun: what was not answered leaves again. */
  renewed(start: Renewal, isAlive: (activation: number) => boolean): void {
    for (const publication of this.#pending.values()) {
      const hasLeft = publication.position <= start.leftThrough;
      if (publication.activation !== 0 && !isAlive(publication.activation)) {
        this.#fail(publication, "ACTIVATION_STALE", hasLeft);
        continue;
      }
      if (this.#isTooLarge(publication)) {
        this.#fail(publication, "PAYLOAD_TOO_LARGE", hasLeft);
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

  /** Nobody waits for the answer any more. */
  giveUp(publication: Publication, code: ErrorCode, cause: unknown): void {
    const hints = publication.position === 0 ? NOT_LEFT : MAYBE_ACCEPTED;
    this.#settle(publication, gaveUp(code, hints, cause));
  }

  /** A host that is leaving did not take it any more: then it waits for the next host, before what comes later. */
  #takeBack(publication: Publication): void {
    this.#pending.delete(publication.sequence);
    publication.position = 0;
    publication.resent = false;
    this.#window.takeBack(publication, publication.sequence);
  }

  /** Whether it is larger than the host of now allows: the one of before may have allowed more. */
  #isTooLarge(publication: Publication): boolean {
    return publication.content.length > this.#limits.maxPayloadBytes;
  }

  #fail(publication: Publication, code: ErrorCode, hasLeft: boolean): void {
    const hints: FailureHints = hasLeft ? MAYBE_ACCEPTED : { outcome: "not-executed" };
    this.#settle(publication, new MeshError(failure(code, undefined, hints)));
  }

  #settle(publication: Publication, error: MeshError | undefined): void {
    if (publication.isOver) return;
    publication.isOver = true;
    this.#pending.delete(publication.sequence);
    this.#waiting.delete(publication);
    this.#deadlines.disarm(publication);
    if (publication.isWindowed) {
      if (publication.position === 0) this.#window.gaveUp(publication.content.length);
      else this.#window.settled(publication.content.length);
    }
    publication.settle(error);
    if (this.onQuiet !== undefined && this.size === 0) this.onQuiet();
  }
}

interface PublicationInit {
  readonly topic: TopicId;
  readonly content: ContentBytes;
  readonly signal: AbortSignal | undefined;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** One publish: its own frame, deadline, place in the window and listener of the publisher's signal. */
class Publication extends Deadline implements PublishFrame, Departure {
  readonly kind = "publish";
  readonly topic: TopicId;
  readonly content: ContentBytes;
  readonly activation: number;
  readonly delayMs = 0;
  readonly dedupId = "";
  readonly isWindowed: boolean;
  sequence = 0;
  parent: number;
  resent = false;
  position = 0;
  isOver = false;
  readonly #publisher: Publisher;
  readonly #init: PublicationInit;

  constructor(publisher: Publisher, origin: CallOrigin, init: PublicationInit) {
    super();
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

  expire(): void {
    this.#publisher.giveUp(this, "DEADLINE_EXCEEDED", undefined);
  }

  /** The publisher's signal has fired. */
  handleEvent(): void {
    this.#publisher.giveUp(this, "CANCELLED", this.#init.signal?.reason);
  }

  /** Tells who published. Called once. */
  settle(error: MeshError | undefined): void {
    this.#init.signal?.removeEventListener("abort", this);
    if (error === undefined) this.#init.resolve();
    else this.#init.reject(error);
  }
}

function gaveUp(code: ErrorCode, hints: FailureHints, cause: unknown): MeshError {
  return new MeshError(
    failure(code, undefined, hints),
    cause === undefined ? undefined : { cause },
  );
}
