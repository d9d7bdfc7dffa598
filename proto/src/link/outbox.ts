/**
 * The sending half of a session. It coalesces what is sent in one turn of the event loop into batches, numbers them,
 * and keeps them until the peer has acknowledged them, over any number of streams.
 *
 * O1. Frames leave in the order in which they were sent, each exactly once per stream.
 * O2. A numbered batch is kept from `send` until it is acknowledged; on a new stream all that is kept leaves again.
 * O3. Nothing is written while the stream pushes back; what waits then is counted in `bytes`.
 *     Of pings and pongs only the newest wait: a peer that asks and never reads makes nothing grow.
 * O4. `bytes` passing `limitBytes` is told once; the owner ends the session.
 */

import { meshError } from "../errors/mesh-error.ts";
import {
  BATCH_BYTES,
  BATCH_FRAMES,
  BATCH_HEAD_BYTES,
  openBatch,
  setFirstNumber,
  setReceivedThrough,
} from "../wire/batch.ts";
import { WireWriter } from "../wire/writer.ts";
import { Fifo } from "./fifo.ts";
import type { Inbox } from "./inbox.ts";
import { ReplayMemory } from "./replay-memory.ts";

/** Where batches go: one gRPC stream. */
export interface BatchStream {
  /** Takes a batch. False asks to wait until {@link Outbox.drained} is called. */
  write(batch: Buffer): boolean;
}

export interface OutboxOptions<Frame> {
  /** Appends a frame to a batch. */
  readonly append: (writer: WireWriter, frame: Frame) => void;
  /** The receiving half, whose progress every batch acknowledges. */
  readonly inbox: Inbox;
  /** Whether frames are numbered and kept for replay. */
  readonly numbered: boolean;
  /** Bytes above which {@link Outbox.isFull}. */
  readonly replayBytes: number;
  /** Bytes above which `onOverflow` is called. */
  readonly limitBytes: number;
  /** Called when the outbox is not full any more. */
  readonly onRoom: () => void;
  /** Called once when more than `limitBytes` wait. */
  readonly onOverflow: () => void;
}

interface SealedBatch {
  /** Number of the last frame. */
  readonly last: number;
  readonly bytes: Buffer;
}

const ROOMY_BYTES = 4 * BATCH_BYTES;

export class Outbox<Frame> {
  readonly #options: OutboxOptions<Frame>;
  #writer = new WireWriter();
  /** Frames in the open batch. */
  #frames = 0;
  readonly #kept = new Fifo<SealedBatch>();
  readonly #memory = new ReplayMemory();
  /** How many of the kept batches were written to the current stream. */
  #written = 0;
  #keptBytes = 0;
  #nextNumber = 1;
  /** Number of the last frame that was ever written to a stream. */
  #sentThrough = 0;
  #acknowledgedThrough = 0;
  #stream: BatchStream | undefined;
  #blocked = false;
  #scheduled = false;
  /** Whether something has left in this turn of the event loop. */
  #hasFlushed = false;
  /** Pings and pongs that the stream could not take. */
  readonly #owed = new Map<"ping" | "pong", Frame>();
  #overflowed = false;

  constructor(options: OutboxOptions<Frame>) {
    this.#options = options;
    openBatch(this.#writer);
  }

  /** Bytes that wait for the stream or for an acknowledgement. */
  get bytes(): number {
    return this.#keptBytes + this.#writer.pos - BATCH_HEAD_BYTES;
  }

  /** Whether who can wait should: new work is held back, replies and acknowledgements are not. */
  get isFull(): boolean {
    return this.bytes >= this.#options.replayBytes;
  }

  /** Whether nothing waits for the stream or for an acknowledgement. */
  get isEmpty(): boolean {
    return this.#frames === 0 && this.#kept.length === 0;
  }

  /** Number of the last frame that was sent, whether or not it has left; 0 without numbers. */
  get lastNumber(): number {
    return this.#options.numbered ? this.#nextNumber - 1 + this.#frames : 0;
  }

  /** Sends a frame with the next batch. What cannot be encoded throws and leaves nothing behind. */
  send(frame: Frame): void {
    const start = this.#writer.pos;
    try {
      this.#options.append(this.#writer, frame);
    } catch (error) {
      this.#writer.pos = start;
      throw error;
    }
    this.#frames++;
    if (this.#writer.pos >= BATCH_BYTES) this.#closeFullBatch(start);
    else if (this.#frames === BATCH_FRAMES) this.#seal();
    this.#schedule();
  }

  /**
   * Writes a ping or pong ahead of what waits, outside of the numbering: at once, or as soon as the stream takes more.
   * Without effect when there is no stream.
   */
  sendUnnumbered(kind: "ping" | "pong", frame: Frame): void {
    if (this.#stream === undefined) return;
    if (this.#blocked) this.#owed.set(kind, frame);
    else this.#writeUnnumbered(this.#stream, frame);
  }

  /** The stream takes more. */
  drained(): void {
    this.#blocked = false;
    this.#schedule();
  }

  /** Asks for an acknowledgement to leave with the next flush, in a batch of its own when nothing else does. */
  acknowledgeSoon(): void {
    this.#schedule();
  }

  /**
   * The peer has received everything up to `number`.
   * @throws MeshError `PROTOCOL_VIOLATION` when that was never sent.
   */
  acknowledge(number: number): void {
    if (number > this.#sentThrough) {
      throw meshError(
        "PROTOCOL_VIOLATION",
        `acknowledged frame ${number} of ${this.#sentThrough} sent`,
      );
    }
    if (!this.#options.numbered) return;
    if (number > this.#acknowledgedThrough) this.#acknowledgedThrough = number;
    const { isFull } = this;
    let batch = this.#kept.first;
    while (batch !== undefined && batch.last <= number && this.#written > 0) {
      this.#kept.shift();
      this.#memory.release();
      this.#keptBytes -= batch.bytes.length;
      this.#written--;
      batch = this.#kept.first;
    }
    this.#tellRoom(isFull);
  }

  /**
   * Continues on a new stream: what the peer has not received leaves again.
   * @returns false when the peer has received less than it has acknowledged, so that nothing can continue.
   * @throws MeshError `PROTOCOL_VIOLATION` when it claims to have received what was never sent.
   */
  attach(stream: BatchStream, peerReceivedThrough: number): boolean {
    if (peerReceivedThrough < this.#acknowledgedThrough) return false;
    this.#written = this.#kept.length;
    this.acknowledge(peerReceivedThrough);
    this.#written = 0;
    this.#stream = stream;
    this.#blocked = false;
    this.#schedule();
    return true;
  }

  /** The stream is gone; what is sent from now on waits. */
  detach(): void {
    this.#stream = undefined;
    this.#owed.clear();
  }

  /** Writes what waits without waiting for the end of the turn. */
  flush(): void {
    this.#scheduled = false;
    const stream = this.#stream;
    if (stream === undefined || this.#blocked) return;
    if (!this.#hasFlushed) setImmediate(this.#turnOver);
    this.#hasFlushed = true;
    if (this.#owed.size > 0) this.#writeOwed(stream);
    if (this.#frames > 0) this.#seal();
    while (this.#written < this.#kept.length && !this.#blocked) {
      this.#write(stream, this.#kept.at(this.#written) as SealedBatch);
    }
    if (this.#options.inbox.acknowledgementDue) this.#writeAcknowledgement(stream);
  }

  #write(stream: BatchStream, batch: SealedBatch): void {
    setReceivedThrough(batch.bytes, this.#options.inbox.receivedThrough);
    this.#options.inbox.acknowledged();
    this.#blocked = !stream.write(batch.bytes);
    if (this.#options.numbered) {
      this.#written++;
      if (batch.last > this.#sentThrough) this.#sentThrough = batch.last;
      return;
    }
    const { isFull } = this;
    this.#kept.shift();
    this.#keptBytes -= batch.bytes.length;
    this.#tellRoom(isFull);
  }

  #writeOwed(stream: BatchStream): void {
    const frames = [...this.#owed.values()];
    this.#owed.clear();
    for (const frame of frames) this.#writeUnnumbered(stream, frame);
  }

  #writeUnnumbered(stream: BatchStream, frame: Frame): void {
    const { append, inbox } = this.#options;
    if (!stream.write(encodeUnnumbered(append, frame, inbox.receivedThrough))) this.#blocked = true;
  }

  #writeAcknowledgement(stream: BatchStream): void {
    const batch = Buffer.alloc(BATCH_HEAD_BYTES);
    setFirstNumber(batch, 0);
    setReceivedThrough(batch, this.#options.inbox.receivedThrough);
    this.#options.inbox.acknowledged();
    if (!stream.write(batch)) this.#blocked = true;
  }

  /** The frame from `start` on may be too large for the batch it is in. */
  #closeFullBatch(start: number): void {
    if (this.#frames > 1 && this.#writer.pos > BATCH_BYTES) {
      const last = Buffer.from(this.#writer.buffer.subarray(start, this.#writer.pos));
      this.#writer.pos = start;
      this.#frames--;
      this.#seal();
      this.#writer.raw(last);
      this.#frames = 1;
      if (this.#writer.pos < BATCH_BYTES) return;
    }
    this.#seal();
  }

  #seal(): void {
    const { numbered, limitBytes } = this.#options;
    // What is not numbered is forgotten as soon as it is written, while the stream may still hold it.
    const bytes = numbered ? this.#memory.store(this.#writer.written) : this.#writer.copy();
    setFirstNumber(bytes, numbered ? this.#nextNumber : 0);
    if (numbered) this.#nextNumber += this.#frames;
    this.#kept.push({ last: this.#nextNumber - 1, bytes });
    this.#keptBytes += bytes.length;
    this.#frames = 0;
    // A buffer that grew for one large frame is not kept for the small ones.
    if (this.#writer.buffer.length > ROOMY_BYTES) this.#writer = new WireWriter();
    openBatch(this.#writer);
    if (this.#keptBytes > limitBytes && !this.#overflowed) {
      this.#overflowed = true;
      this.#options.onOverflow();
    }
  }

  #tellRoom(wasFull: boolean): void {
    if (wasFull && !this.isFull) this.#options.onRoom();
  }

  /**
   * The first flush of a turn of the event loop leaves as soon as what runs now is through; what comes after it in the
   * same turn leaves together at the end: who sends little is not delayed, who sends much is batched.
   */
  #schedule(): void {
    if (this.#scheduled || this.#stream === undefined) return;
    this.#scheduled = true;
    if (this.#hasFlushed) setImmediate(this.#flushNow);
    else process.nextTick(this.#flushNow);
  }

  readonly #flushNow = (): void => this.flush();

  readonly #turnOver = (): void => {
    this.#hasFlushed = false;
  };
}

/** One frame as a batch of its own that is not numbered. */
export function encodeUnnumbered<Frame>(
  append: (writer: WireWriter, frame: Frame) => void,
  frame: Frame,
  receivedThrough: number,
): Buffer {
  const writer = new WireWriter();
  openBatch(writer);
  append(writer, frame);
  const batch = writer.copy();
  setFirstNumber(batch, 0);
  setReceivedThrough(batch, receivedThrough);
  return batch;
}
