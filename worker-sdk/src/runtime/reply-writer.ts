/**
 * The writing end of a stream of replies: takes elements from a handler's iterable as fast as the reader takes them.
 *
 * W1. The iterable is asked for an element only while the reader has room: chunks and bytes above 0. The last element
 *     may exceed the bytes, so that one larger than the window gets through.
 * W2. When the turn is told to stop, the iterable is closed as soon as it lets go.
 */
import type { MessageType, ReplyType } from "../messages/message-type.ts";
import { encodeAs } from "./outgoing.ts";
import type { Turn } from "./turn.ts";
import type { Workplace } from "./workplace.ts";

/** What a handler threw while it streamed. */
export interface Thrown {
  readonly error: unknown;
}

export class ReplyWriter {
  readonly #turn: Turn;
  readonly #workplace: Workplace;
  readonly #type: MessageType<never, unknown, ReplyType>;
  #chunks: number;
  #bytes: number;
  #wake: (() => void) | undefined;

  constructor(turn: Turn, workplace: Workplace, type: MessageType<never, unknown, ReplyType>) {
    this.#turn = turn;
    this.#workplace = workplace;
    this.#type = type;
    const { frame } = turn;
    // Nobody reads what an event's handler yields: it runs to its end, unhindered.
    this.#chunks = frame.kind === "event" ? Number.POSITIVE_INFINITY : frame.streamChunks;
    this.#bytes = frame.kind === "event" ? Number.POSITIVE_INFINITY : frame.streamBytes;
  }

  /** Writes all of `iterable`; never rejects. @returns what the handler threw; undefined when it came to its end. */
  async run(iterable: AsyncIterable<unknown>): Promise<Thrown | undefined> {
    try {
      return await this.#writeAll(iterable[Symbol.asyncIterator]());
    } catch (error) {
      return { error };
    }
  }

  /** The reader can take more. */
  grant(chunks: number, bytes: number): void {
    this.#chunks += chunks;
    this.#bytes += bytes;
    this.goOn();
  }

  /** Looks again whether it may write: the turn was told to stop, or there is room. */
  goOn(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  async #writeAll(iterator: AsyncIterator<unknown>): Promise<Thrown | undefined> {
    while (this.#turn.stopReason === undefined) {
      if (this.#chunks <= 0 || this.#bytes <= 0) {
        await this.#room();
        continue;
      }
      const step = await iterator.next();
      if (step.done === true) return undefined;
      try {
        this.#write(step.value);
      } catch (error) {
        await iterator.return?.();
        return { error };
      }
    }
    await iterator.return?.();
    return { error: this.#turn.stopReason };
  }

  /** Resolves when it is worth to look again. */
  #room(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #write(value: unknown): void {
    const { frame, phase, delivery, activation } = this.#turn;
    if (frame.kind === "event") return;
    const content = encodeAs(this.#type, value, this.#workplace.maxPayloadBytes);
    this.#chunks--;
    this.#bytes -= content.length;
    if (phase !== "running") return;
    this.#workplace.uplink.replyChunk({ kind: "reply-chunk", delivery, activation, content });
    this.#turn.progressed();
  }
}

/** What a handler has done that should have returned something to stream from. */
export function notIterable(): TypeError {
  return new TypeError("the handler did not return an async iterable of replies");
}

/** Whether a handler returned something to stream from. */
export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
