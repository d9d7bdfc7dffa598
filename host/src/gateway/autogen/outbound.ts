/**
 * What waits to be written to a client. A stream that takes no more holds the rest here; it is written when the stream
 * drains, or to the stream that replaces it.
 */
import { Fifo } from "@agentmesh/proto/link";
import type { Channel } from "./channel.ts";

/** Bytes that wait from which on the client gets no new work. */
const FULL_BYTES = 1024 * 1024;

interface Waiting<Cargo> {
  readonly bytes: Buffer;
  readonly cargo: Cargo;
}

export class Outbound<Cargo> {
  readonly #limitBytes: number;
  readonly #onWritten: (cargo: Cargo) => void;
  readonly #onOverflow: () => void;
  readonly #waiting = new Fifo<Waiting<Cargo>>();
  #channel: Channel | undefined;
  #isReady = false;
  #bytes = 0;

  /** `onWritten` is told each message that was written; `onOverflow` that more than `limitBytes` wait. */
  constructor(limitBytes: number, onWritten: (cargo: Cargo) => void, onOverflow: () => void) {
    this.#limitBytes = limitBytes;
    this.#onWritten = onWritten;
    this.#onOverflow = onOverflow;
  }

  /** Whether so much waits that new work should be held back. */
  get isFull(): boolean {
    return this.#bytes >= FULL_BYTES;
  }

  /** Writes to this stream from now on. */
  attach(channel: Channel): void {
    this.#channel = channel;
    this.drained();
  }

  /** There is no stream any more. */
  detach(): void {
    this.#channel = undefined;
    this.#isReady = false;
  }

  /** The client is gone for good, or what was on its way to it has failed. */
  clear(): void {
    this.#waiting.drain();
    this.#bytes = 0;
  }

  /** Writes a message, or lets it wait behind the others. */
  send(bytes: Buffer, cargo: Cargo): void {
    if (this.#isReady) this.#write(bytes, cargo);
    else {
      this.#waiting.push({ bytes, cargo });
      this.#bytes += bytes.length;
      if (this.#bytes > this.#limitBytes) this.#onOverflow();
    }
  }

  /** The stream takes more. */
  drained(): void {
    this.#isReady = this.#channel !== undefined;
    while (this.#isReady) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#bytes -= next.bytes.length;
      this.#write(next.bytes, next.cargo);
    }
  }

  #write(bytes: Buffer, cargo: Cargo): void {
    this.#isReady = this.#channel?.write(bytes) ?? false;
    this.#onWritten(cargo);
  }
}
