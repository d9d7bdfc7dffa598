/**
 * One worker's logical connection: it outlives its streams.
 *
 * Phases: `open` (a stream is attached) → `suspended` (broken, within the lease: nobody notices) → `lapsed` (its agents
 * have been taken from it; registrations and results wait) → `ended`. A resumption leads back to `open` from the two
 * in the middle. A session without resume goes from `open` to `ended`.
 *
 * 1. Each phase owns its timers and its stream; `#enter` stops those of the phase that it leaves.
 * 2. `#end` is the one way out: registrations, subscriptions, calls and agents go with it.
 * 3. Frames are handed to the router in the order of their numbers, each once.
 */
import { type Clock, type Failure, failure, type Timer } from "@agentmesh/proto";
import { Inbox, Liveness, Outbox, Portions } from "@agentmesh/proto/link";
import {
  appendHostFrame,
  type Batch,
  type ContentBytes,
  type Ending,
  type HostControl,
  type HostFrame,
  type PublishFrame,
  readWorkerBatch,
  type TurnEndFrame,
  toErrorMessage,
  type WorkerFrame,
} from "@agentmesh/proto/wire";
import type { CallDelivery, EventDelivery } from "../delivery/delivery.ts";
import type { Namespace } from "../delivery/namespace.ts";
import { Worker } from "../delivery/worker.ts";
import { Caller, type CallerSink } from "../router/caller.ts";
import type { Router } from "../router/router.ts";
import { deliverFrame, eventFrame } from "./delivery-codec.ts";
import type { PublisherMark } from "./publisher-marks.ts";
import { Publishes } from "./publishes.ts";
import { unreadable, violationOf } from "./violation.ts";
import type { SessionSink, WorkerIdentity, WorkerSession } from "./worker-session.ts";
import type { WorkerStream } from "./worker-stream.ts";

export interface SessionOptions {
  readonly leaseMs: number;
  readonly sessionGraceMs: number;
  readonly heartbeatMs: number;
  readonly livenessMs: number;
  readonly maxPayloadBytes: number;
  readonly ackFrames: number;
  readonly ackBytes: number;
  readonly ackMs: number;
  readonly replayBytes: number;
  readonly outboxLimitBytes: number;
}

/** What a session needs from the rest of the host. */
export interface SessionPorts {
  readonly clock: Clock;
  readonly router: Router;
  /** Takes a control frame. May throw a MeshError: then the session ends with it. */
  control(session: Session, frame: Extract<WorkerFrame, { kind: "control" }>["control"]): void;
  /** Looks at delivery after the stream came back or the outbox has room. */
  workerReady(session: Session): void;
  /** Something was thrown that never should be. */
  defect(error: unknown): void;
  /** The stream broke. */
  suspended(session: Session, reason: Failure): void;
  /** The lease ran out: the agents go. @returns the largest activation number that has ended. */
  lapsed(session: Session): number;
  /** The session is over: everything that it owns goes. */
  ended(session: Session, reason: Failure): void;
}

/** Who the worker said it is. */
export interface SessionIdentity extends WorkerIdentity {
  readonly resumeToken: string;
  readonly resume: boolean;
}

type Phase =
  | { readonly kind: "open"; readonly stream: WorkerStream; readonly liveness: Liveness }
  | { readonly kind: "suspended"; readonly lease: Timer; readonly sinceMs: number }
  | { readonly kind: "lapsed"; readonly grace: Timer }
  | { readonly kind: "ended"; readonly reason: Failure };

export class Session implements WorkerSession, SessionSink, CallerSink {
  readonly protocol = "agentmesh.v1";
  readonly identity: SessionIdentity;
  readonly namespace: Namespace;
  readonly worker: Worker;
  readonly caller: Caller;
  readonly #options: SessionOptions;
  readonly #ports: SessionPorts;
  readonly #publishes: Publishes;
  readonly #inbox: Inbox;
  readonly #outbox: Outbox<HostFrame>;
  readonly #portions = new Portions<WorkerFrame>({
    take: (frame) => this.#take(frame),
    onPortion: () => this.#publishes.flush(),
    onError: (error) => this.fail(error),
  });
  #phase: Phase | undefined = undefined;
  #lapsedThrough = 0;
  #peer = "";

  constructor(
    identity: SessionIdentity,
    init: { namespace: Namespace; maxInFlight: number; mark: PublisherMark },
    options: SessionOptions,
    ports: SessionPorts,
  ) {
    this.identity = identity;
    this.namespace = init.namespace;
    this.#publishes = new Publishes(init.mark, {
      accepted: (sequences) => this.#reply({ kind: "accepted", sequences }),
      refused: (sequence, reason) =>
        this.#reply(
          control({ $case: "refused", value: { sequence, error: toErrorMessage(reason) } }),
        ),
    });
    this.#options = options;
    this.#ports = ports;
    this.#inbox = new Inbox({
      clock: ports.clock,
      ackFrames: options.ackFrames,
      ackBytes: options.ackBytes,
      ackMs: options.ackMs,
      onDue: () => this.#outbox.acknowledgeSoon(),
    });
    this.#outbox = new Outbox<HostFrame>({
      append: appendHostFrame,
      inbox: this.#inbox,
      numbered: identity.resume,
      replayBytes: options.replayBytes,
      limitBytes: options.outboxLimitBytes,
      onRoom: () => ports.workerReady(this),
      onOverflow: () => this.end(failure("SLOW_CONSUMER")),
    });
    this.worker = new Worker(identity.instanceId, init.namespace, init.maxInFlight, this);
    this.caller = new Caller(init.namespace, this, this.worker);
  }

  /** It delivers itself. */
  get session(): WorkerSession {
    return this;
  }

  /** How the session is. */
  get phase(): Phase["kind"] {
    return this.#phase?.kind ?? "suspended";
  }

  /** Network address of the worker's latest stream. */
  get peer(): string {
    return this.#peer;
  }

  /** Number of the worker's last frame that has arrived. */
  get receivedThrough(): number {
    return this.#inbox.receivedThrough;
  }

  /** Number of the last frame that was sent to the worker. */
  get sentThrough(): number {
    return this.#outbox.lastNumber;
  }

  /** Every activation up to this number has ended with a lease; 0 when none did. */
  get lapsedThrough(): number {
    return this.#lapsedThrough;
  }

  /** Whether so much waits for the worker that new work should be held back. */
  get isFull(): boolean {
    return this.#outbox.isFull;
  }

  /**
   * Continues on a stream: the newest one wins.
   * @returns false when the worker has received less than it has acknowledged, so that nothing can continue.
   */
  attach(stream: WorkerStream, peerReceivedThrough: number): boolean {
    if (this.#phase?.kind === "ended") return false;
    if (this.#phase?.kind === "open") this.#phase.stream.close(failure("SESSION_SUPERSEDED"));
    if (!this.#outbox.attach(stream, peerReceivedThrough)) return false;
    const liveness = new Liveness({
      clock: this.#ports.clock,
      heartbeatMs: this.#options.heartbeatMs,
      livenessMs: this.#options.livenessMs,
      maxPayloadBytes: this.#options.maxPayloadBytes,
      bytesRead: () => stream.bytesRead,
      onSilence: () => this.#ping(),
      onDead: () =>
        stream.destroy(
          failure("CONNECTION_LOST", `no sign of life for ${this.#options.livenessMs} ms`),
        ),
    });
    this.#peer = stream.peer;
    this.#enter({ kind: "open", stream, liveness });
    this.worker.phase = "open";
    this.#ports.workerReady(this);
    return true;
  }

  /** A batch has arrived on `stream`. @throws MeshError when it breaks the protocol. */
  receive(stream: WorkerStream, bytes: Buffer): void {
    const phase = this.#phase;
    if (phase?.kind !== "open" || phase.stream !== stream) return;
    phase.liveness.heard();
    const batch = read(bytes);
    const skip = this.#inbox.accept(batch, bytes.length);
    if (this.identity.resume && batch.receivedThrough > 0)
      this.#outbox.acknowledge(batch.receivedThrough);
    this.#portions.push(batch.frames, skip);
  }

  /** The stream can take more. */
  drained(stream: WorkerStream): void {
    if (this.#phase?.kind === "open" && this.#phase.stream === stream) this.#outbox.drained();
  }

  /** The stream is gone. */
  streamLost(stream: WorkerStream, reason: Failure): void {
    if (this.#phase?.kind !== "open" || this.#phase.stream !== stream) return;
    this.#outbox.detach();
    if (!this.identity.resume) {
      this.#end(reason);
      return;
    }
    const lease = this.#ports.clock.after(this.#options.leaseMs, () => this.#lapse());
    this.#enter({ kind: "suspended", lease, sinceMs: this.#ports.clock.now() });
    this.worker.phase = "held";
    this.#ports.suspended(this, reason);
  }

  /** Ends the session; the worker is told why when it has a stream. Idempotent. */
  end(reason: Failure): void {
    if (this.#phase?.kind === "ended") return;
    const stream = this.#phase?.kind === "open" ? this.#phase.stream : undefined;
    this.#end(reason);
    stream?.close(reason);
  }

  /** Ends the session over what was thrown while its frames were taken. */
  fail(error: unknown): void {
    const violation = violationOf(error);
    if (violation === undefined) this.#ports.defect(error);
    this.end(violation ?? failure("INTERNAL"));
  }

  /** Writes what waits without waiting for the end of the turn. */
  flush(): void {
    this.#outbox.flush();
  }

  /** Whether nothing waits to be written or acknowledged. */
  get isQuiet(): boolean {
    return (
      this.#portions.isEmpty &&
      this.#outbox.isEmpty &&
      this.#publishes.storing === 0 &&
      this.worker.inFlight.size === 0 &&
      this.caller.pending.size === 0
    );
  }

  /** Asks for what may be missing for quiet: the worker's acknowledgement, which its answer to a Ping brings along. */
  hurry(): void {
    if (!this.#outbox.isEmpty) this.#ping();
  }

  /** Sends a control frame. */
  control(frame: HostControl): void {
    this.#outbox.send(control(frame));
  }

  /** Answers a Ping at once. */
  pong(nonce: number): void {
    this.#outbox.sendUnnumbered("pong", control({ $case: "pong", value: { nonce } }));
  }

  deliver(call: CallDelivery): void {
    this.#outbox.send(deliverFrame(call, this.#ports.clock.now()));
  }

  deliverEvent(deliveries: readonly EventDelivery[]): void {
    this.#outbox.send(eventFrame(deliveries));
  }

  cancelDelivery(delivery: number, reason: number): void {
    this.#outbox.send({ kind: "cancel-delivery", delivery, reason });
  }

  grantStream(delivery: number, chunks: number, bytes: number): void {
    this.#outbox.send({ kind: "stream-credit", stream: delivery, chunks, bytes });
  }

  deactivate(activations: readonly number[]): void {
    this.control({ $case: "deactivate", value: { activations: [...activations] } });
  }

  result(request: number, ending: Ending): void {
    this.#reply({ kind: "result", request, ending });
  }

  chunk(request: number, content: ContentBytes): void {
    this.#reply({ kind: "chunk", request, content });
  }

  #ping(): void {
    this.#outbox.sendUnnumbered("ping", control({ $case: "ping", value: { nonce: 0 } }));
  }

  /** Answers, unless the session has ended meanwhile. */
  #reply(frame: HostFrame): void {
    if (this.#phase?.kind !== "ended") this.#outbox.send(frame);
  }

  #take(frame: WorkerFrame): void {
    // A frame before it may have ended the session.
    if (this.#phase?.kind === "ended") return;
    const { router } = this.#ports;
    switch (frame.kind) {
      case "send":
        return router.send(this.caller, frame);
      case "publish":
        return this.#publish(frame);
      case "turn-end":
        return this.#turnEnd(frame);
      case "done":
        return router.done(this.worker, frame);
      case "reply-chunk":
        return router.replyChunk(this.worker, frame);
      case "stream-credit":
        return router.streamCredit(this.caller, frame);
      case "cancel":
        return router.cancel(this.caller, frame.request);
      case "control":
        return this.#ports.control(this, frame.control);
    }
  }

  #turnEnd(frame: TurnEndFrame): void {
    const { router } = this.#ports;
    if (frame.publishes.length === 0) router.turnEnd(this.worker, this.namespace, frame);
    else
      this.#publishes.takeAll(frame.publishes, (mark) =>
        router.turnEnd(this.worker, this.namespace, frame, mark),
      );
  }

  #publish(frame: PublishFrame): void {
    this.#publishes.take(frame, (mark) =>
      this.#ports.router.publish(this.namespace, this.worker, frame, mark),
    );
  }

  #lapse(): void {
    const left = this.#options.sessionGraceMs - this.#options.leaseMs;
    const grace = this.#ports.clock.after(Math.max(0, left), () =>
      this.#end(failure("WORKER_LOST")),
    );
    this.#enter({ kind: "lapsed", grace });
    this.worker.phase = "lapsed";
    this.#lapsedThrough = this.#ports.lapsed(this);
  }

  #end(reason: Failure): void {
    this.#enter({ kind: "ended", reason });
    this.#portions.clear();
    this.#publishes.close();
    this.#inbox.close();
    this.#outbox.detach();
    this.worker.phase = "gone";
    this.#ports.ended(this, reason);
  }

  #enter(next: Phase): void {
    const phase = this.#phase;
    if (phase?.kind === "open") phase.liveness.stop();
    else if (phase?.kind === "suspended") phase.lease.cancel();
    else if (phase?.kind === "lapsed") phase.grace.cancel();
    this.#phase = next;
  }
}

function read(bytes: Buffer): Batch<WorkerFrame> {
  try {
    return readWorkerBatch(bytes);
  } catch (error) {
    throw unreadable(error);
  }
}

function control(frame: HostControl): HostFrame {
  return { kind: "control", control: frame };
}
