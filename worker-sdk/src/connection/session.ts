/**
 * One logical connection to a host, over any number of streams.
 *
 * Phases: `new` → `open` (a stream is attached) → `suspended` (it broke; nobody notices when another comes soon) →
 * `lapsed` (the lease has run out: others may have the agents) → `closed`. A new stream leads back to `open` from the
 * two in the middle.
 *
 * 1. Each phase owns its stream and timers; `#enter` stops those of the phase that it leaves.
 * 2. Frames of the host are handed on in the order of their numbers, each once, over all streams.
 * 3. Frames to the host are kept until acknowledged, and leave again on a new stream.
 * 4. A session that the host may have forgotten, or that broke the protocol, is `closed` and never resumed.
 * 5. The lease ends when it may have ended for the host, which counts from the worker's last sign of life and not from
 *    when the worker notices: a process that was stopped notices too late, and its agents may be elsewhere by then. What
 *    it reads after that is no contact any more.
 */
import {
  type Clock,
  DEFAULTS,
  type Failure,
  failure,
  MeshError,
  type Timer,
} from "@agentmesh/proto";
import type { Welcome } from "@agentmesh/proto/agentmesh/v1";
import { type BatchStream, Inbox, Liveness, Outbox, Portions } from "@agentmesh/proto/link";
import {
  appendWorkerFrame,
  type HostFrame,
  readHostBatch,
  readWorkerBatch,
  type WorkerControl,
  type WorkerFrame,
} from "@agentmesh/proto/wire";
import type { HostStream } from "./dial.ts";

/** What a session tells its owner. */
export interface SessionPorts {
  readonly clock: Clock;
  /** A frame of the host. */
  take(frame: HostFrame): void;
  /** Whether there is room for work that can wait. */
  room(hasRoom: boolean): void;
  /** The lease has run out. */
  lapsed(): void;
  /** Everything that was sent before the stream came back has arrived. */
  replayed(): void;
}

type Phase =
  | { readonly kind: "new" }
  | { readonly kind: "open"; readonly stream: HostStream; readonly liveness: Liveness }
  | { readonly kind: "suspended"; readonly lease: Timer }
  | { readonly kind: "lapsed" }
  | { readonly kind: "closed" };

/** Attempts to get a stream again that fit into a lease, however unlucky their waits. */
const ATTEMPTS_PER_LEASE = 10;

export class Session {
  readonly #ports: SessionPorts;
  readonly #inbox: Inbox;
  readonly #outbox: Outbox<WorkerFrame>;
  readonly #portions = new Portions<HostFrame>({
    take: (frame) => this.#take(frame),
    onPortion: () => {
      // Nothing is kept back until the end of a portion.
    },
    onError: (error) => {
      // A defect of this process: nothing that the host sends makes a frame throw.
      throw error;
    },
  });
  #phase: Phase = { kind: "new" };
  #welcome: Welcome;
  #sent = 0;
  /** Number of the last frame that the host repeats on the current stream; 0 when it repeats none any more. */
  #replayThrough = 0;
  #contactUntil = Number.POSITIVE_INFINITY;
  /** The numbered batch with the highest numbers that was given to a stream. */
  #lastWritten: Buffer | undefined;
  #lastWrittenNumber = 0;

  constructor(ports: SessionPorts, welcome: Welcome) {
    this.#ports = ports;
    this.#welcome = welcome;
    this.#inbox = new Inbox({
      clock: ports.clock,
      ackFrames: DEFAULTS.ackFrames,
      ackBytes: DEFAULTS.ackBytes,
      ackMs: DEFAULTS.ackMs,
      onDue: () => this.#outbox.acknowledgeSoon(),
    });
    this.#outbox = new Outbox<WorkerFrame>({
      append: appendWorkerFrame,
      inbox: this.#inbox,
      numbered: true,
      replayBytes: welcome.replayBytes === 0 ? DEFAULTS.replayBytes : welcome.replayBytes,
      limitBytes: DEFAULTS.outboxLimitBytes,
      onRoom: () => ports.room(true),
      onOverflow: () => this.#fail(failure("SLOW_CONSUMER", "the host does not take what is sent")),
    });
  }

  get phase(): Phase["kind"] {
    return this.#phase.kind;
  }

  /** Token to resume with; empty when the session cannot be resumed. */
  get resumeToken(): string {
    return this.#phase.kind === "closed" ? "" : this.#welcome.resumeToken;
  }

  /** Until when the host leaves this worker its agents, on the clock, if nothing more is heard. */
  get contactUntil(): number {
    return this.#contactUntil;
  }

  /** Milliseconds that an attempt to get a stream again may wait: while nobody has noticed, there must be many of them. */
  get longestWaitMs(): number {
    return this.#phase.kind === "suspended"
      ? this.#leaseMs / ATTEMPTS_PER_LEASE
      : Number.POSITIVE_INFINITY;
  }

  /** Number of the host's last frame that has arrived. */
  get receivedThrough(): number {
    return this.#inbox.receivedThrough;
  }

  /** Whether something is still to come that was sent before the current stream. */
  get isReplaying(): boolean {
    return this.#inbox.receivedThrough < this.#replayThrough;
  }

  /** Place of the last frame that may have left this process. */
  get leftThrough(): number {
    if (this.#lastWritten === undefined) return 0;
    return this.#lastWrittenNumber + readWorkerBatch(this.#lastWritten).count - 1;
  }

  /**
   * Goes on over a stream that has been welcomed.
   * @returns false when the host has received less than it has acknowledged, or more than was sent, so that nothing can
   * go on.
   */
  attach(stream: HostStream, welcome: Welcome, hostReceivedThrough: number): boolean {
    this.#welcome = welcome;
    const { clock } = this.#ports;
    if (!this.#reconcile(stream, hostReceivedThrough)) return false;
    this.#contactUntil = clock.now() + this.#contactMs;
    this.#replayThrough = welcome.replayThrough;
    const liveness = new Liveness({
      clock,
      heartbeatMs: this.#heartbeatMs,
      livenessMs: this.#livenessMs,
      maxPayloadBytes: this.#maxPayloadBytes,
      bytesRead: () => stream.bytesRead,
      onProgress: () => {
        const now = clock.now();
        if (now <= this.#contactUntil) this.#contactUntil = now + this.#contactMs;
      },
      onSilence: () => this.#unnumbered("ping", { $case: "ping", value: { nonce: 0 } }),
      onDead: () => stream.destroy(failure("CONNECTION_LOST", "the host gives no sign of life")),
    });
    this.#enter({ kind: "open", stream, liveness });
    return true;
  }

  /** A batch has arrived on the current stream. */
  receive(bytes: Buffer): void {
    const phase = this.#phase;
    if (phase.kind !== "open") return;
    const now = this.#ports.clock.now();
    if (now > this.#contactUntil) {
      phase.stream.destroy(
        failure("CONNECTION_LOST", "there was no contact to the host for too long"),
      );
      return;
    }
    this.#contactUntil = now + this.#contactMs;
    phase.liveness.heard();
    const frames = this.#read(bytes);
    if (frames === undefined) return;
    this.#portions.push(frames);
    if (this.#replayThrough > 0) this.#checkReplay();
  }

  /** The current stream can take more. */
  drained(): void {
    if (this.#phase.kind === "open") this.#outbox.drained();
  }

  /** The current stream is gone. */
  streamEnded(): void {
    if (this.#phase.kind !== "open") return;
    this.#outbox.detach();
    const { clock } = this.#ports;
    const now = clock.now();
    this.#contactUntil = Math.min(this.#contactUntil, now + this.#leaseMs);
    const leftMs = this.#contactUntil - now;
    if (leftMs > 0)
      this.#enter({ kind: "suspended", lease: clock.after(leftMs, () => this.#lapse()) });
    else this.#lapse();
  }

  /** Sends a frame, now or when there is a stream again. @returns its place in the session. */
  send(frame: WorkerFrame): number {
    this.#sent++;
    // What is sent into the void has not left: who sent it learns so when the next session begins.
    if (this.#phase.kind === "closed") return this.#sent;
    this.#outbox.send(frame);
    if (this.#outbox.isFull) this.#ports.room(false);
    return this.#sent;
  }

  /** Sends a control frame as {@link send} does. */
  control(control: WorkerControl): number {
    return this.send({ kind: "control", control });
  }

  /** Says goodbye on the current stream and ends. */
  leave(): void {
    if (this.#phase.kind === "open") {
      this.control({ $case: "goodbye", value: {} });
      this.#outbox.flush();
      this.#phase.stream.finish();
    }
    this.close();
  }

  /** Ends; nothing is sent or taken any more. Idempotent. */
  close(): void {
    this.#outbox.detach();
    this.#inbox.close();
    this.#portions.clear();
    this.#enter({ kind: "closed" });
  }

  /**
   * For how long after a batch of the host, or a part of one, this worker may count on its agents. The host has heard of
   * it at most `heartbeatMs` before that: it would have asked, and while a large batch is on its way this worker sends a
   * Ping of its own every `heartbeatMs`, which arrives as the acknowledgements of TCP do without which no part would. After `livenessMs` it gives the stream up, and after
   * `leaseMs` more the agents. Silence between two heartbeats is never too long.
   */
  get #contactMs(): number {
    const least = 2 * this.#heartbeatMs;
    return Math.max(least, this.#livenessMs + this.#leaseMs - this.#heartbeatMs);
  }

  get #heartbeatMs(): number {
    return this.#welcome.heartbeatMs === 0 ? DEFAULTS.heartbeatMs : this.#welcome.heartbeatMs;
  }

  get #livenessMs(): number {
    return this.#welcome.livenessMs === 0 ? DEFAULTS.livenessMs : this.#welcome.livenessMs;
  }

  get #maxPayloadBytes(): number {
    const { maxPayloadBytes } = this.#welcome;
    return maxPayloadBytes === 0 ? DEFAULTS.maxPayloadBytes : maxPayloadBytes;
  }

  get #leaseMs(): number {
    return this.#welcome.leaseMs === 0 ? DEFAULTS.leaseMs : this.#welcome.leaseMs;
  }

  #checkReplay(): void {
    this.#portions.finish();
    if (this.isReplaying) return;
    this.#replayThrough = 0;
    this.#ports.replayed();
  }

  #lapse(): void {
    this.#enter({ kind: "lapsed" });
    this.#ports.lapsed();
  }

  #take(frame: HostFrame): void {
    // A frame before it may have ended the session.
    if (this.#phase.kind === "closed") return;
    if (frame.kind === "control") {
      const { control } = frame;
      if (control.$case === "ping") {
        this.#unnumbered("pong", { $case: "pong", value: { nonce: control.value.nonce } });
        return;
      }
      if (control.$case === "pong") return;
    }
    this.#ports.take(frame);
  }

  #reconcile(stream: HostStream, hostReceivedThrough: number): boolean {
    try {
      return this.#outbox.attach(this.#noting(stream), hostReceivedThrough);
    } catch (error) {
      if (error instanceof MeshError) return false;
      throw error;
    }
  }

  /** The frames of a batch that were not taken before; undefined when the host broke the protocol. */
  #read(bytes: Buffer): readonly HostFrame[] | undefined {
    try {
      const batch = readHostBatch(bytes);
      if (batch.receivedThrough > 0) this.#outbox.acknowledge(batch.receivedThrough);
      const skip = this.#inbox.accept(batch, bytes.length);
      return skip === 0 ? batch.frames : batch.frames.slice(skip);
    } catch (error) {
      if (!(error instanceof MeshError)) throw error;
      this.#fail(failure("PROTOCOL_VIOLATION", error.message));
      return undefined;
    }
  }

  #fail(reason: Failure): void {
    const phase = this.#phase;
    this.close();
    if (phase.kind === "open") phase.stream.destroy(reason);
  }

  #unnumbered(kind: "ping" | "pong", control: WorkerControl): void {
    this.#outbox.sendUnnumbered(kind, { kind: "control", control });
  }

  /** The stream, with a note of how far the numbered frames have come. */
  #noting(stream: HostStream): BatchStream {
    return {
      write: (batch) => {
        const number = firstNumberOf(batch);
        if (number > this.#lastWrittenNumber) {
          this.#lastWrittenNumber = number;
          this.#lastWritten = batch;
        }
        return stream.write(batch);
      },
    };
  }

  #enter(next: Phase): void {
    const phase = this.#phase;
    if (phase.kind === "open") phase.liveness.stop();
    else if (phase.kind === "suspended") phase.lease.cancel();
    this.#phase = next;
  }
}

/** The fixed64 right behind the first tag of every batch. */
function firstNumberOf(batch: Buffer): number {
  return batch.readUInt32LE(5) * 0x100000000 + batch.readUInt32LE(1);
}
