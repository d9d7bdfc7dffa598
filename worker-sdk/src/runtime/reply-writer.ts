/**
 * The writing end of a stream of replies: takes elements from a handler's iterable as fast as the reader takes them.
 *
 * W1. The iterable is asked for an element only while the reader has room: chunks and bytes above 0. The last element
 *     may exceed the bytes, so that one larger than the window gets through.
 * W2. When the turn is told to stop, the iterable is closed as soon as it lets go.
 */
import type { ContentBytes } from "@agentmesh/proto/wire";
import type { MessageType, ReplyType } from "../messages/message-type.ts";
import { encodeReply } from "./outgoing.ts";
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
      const iterator = iterable[Symbol.asyncIterator]();
      let step = await this.#next(iterator);
      while (step !== undefined && step.done !== true) {
        await this.#write(iterator, step.value);
        step = await this.#next(iterator);
      }
      return step === undefined ? { error: this.#turn.stopReason } : undefined;
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

  /** The next element, once there is room for it; undefined, with the iterable closed, when the turn must stop. */
  async #next(iterator: AsyncIterator<unknown>): Promise<IteratorResult<unknown> | undefined> {
    while (this.#turn.stopReason === undefined && (this.#chunks <= 0 || this.#bytes <= 0)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#turn.stopReason === undefined) return iterator.next();
    await iterator.return?.();
    return undefined;
  }

  async #write(iterator: AsyncIterator<unknown>, value: unknown): Promise<void> {
    const { frame, phase, delivery, home } = this.#turn;
    if (frame.kind === "event") return;
    const content = await this.#encode(iterator, value);
    this.#chunks--;
    this.#bytes -= content.length;
    if (phase !== "running") return;
    const { uplink } = this.#workplace;
    uplink.replyChunk({ kind: "reply-chunk", delivery, activation: home.number, content });
    this.#turn.progressed();
  }

  async #encode(iterator: AsyncIterator<unknown>, value: unknown): Promise<ContentBytes> {
    try {
      return encodeReply(this.#type, value, this.#workplace.maxPayloadBytes);
    } catch (error) {
      await iterator.return?.();
      throw error;
    }
  }
}

/** Whether a handler returned something to stream from. */
export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
