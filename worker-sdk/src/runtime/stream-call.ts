/**
 * The reading end of a stream of replies: a buffer that the window bounds, and a reader who takes from it.
 *
 * R1. The writer may have `#openChunks` and `#openBytes` more on their way; a chunk that finds either used up ends the
 *     stream. The last chunk may exceed the bytes, so that a chunk larger than the window gets through.
 * R2. What the reader has taken is granted again, half a window at a time.
 * R3. The deadline runs while the writer may write: a slow reader does not end its own stream.
 * R4. The reader gets all chunks that came before the end; what it gave up itself ends at once.
 */
import { DEFAULTS, failure, MeshError } from "@agentmesh/proto";
import { Fifo } from "@agentmesh/proto/link";
import type { ContentBytes, Ending } from "@agentmesh/proto/wire";
import { Call, type CallInit, type CallRegistry } from "./call.ts";

/** What a call for a stream tells its registry beside the rest. */
export interface StreamRegistry extends CallRegistry {
  /** The writer may write more. */
  grant(call: StreamCall, chunks: number, bytes: number): void;
  /** Starts the deadline anew, or stops it. */
  watch(call: StreamCall, isRunning: boolean): void;
  /** The writer wrote more than it may. */
  overrun(call: StreamCall): void;
}

export class StreamCall extends Call {
  readonly #registry: StreamRegistry;
  readonly #buffer = new Fifo<ContentBytes>();
  #openChunks: number = DEFAULTS.streamChunks;
  #openBytes: number = DEFAULTS.streamBytes;
  #takenChunks = 0;
  #takenBytes = 0;
  #end: { readonly error: MeshError | undefined } | undefined;
  #reader: { resolve(): void } | undefined;

  constructor(init: CallInit, registry: StreamRegistry) {
    super(init);
    this.#registry = registry;
    this.streamChunks = DEFAULTS.streamChunks;
    this.streamBytes = DEFAULTS.streamBytes;
  }

  chunk(content: ContentBytes): void {
    if (this.#openChunks <= 0 || this.#openBytes <= 0) {
      this.#registry.overrun(this);
      return;
    }
    this.#openChunks--;
    this.#openBytes -= content.length;
    this.#registry.watch(this, this.#mayWrite);
    this.#buffer.push(content);
    this.#wake();
  }

  settle(ending: Ending, cause?: unknown): void {
    if (this.#end !== undefined) return;
    if (ending.kind === "failed") {
      const options = cause === undefined ? undefined : { cause };
      this.#end = { error: new MeshError(ending.failure, options) };
    } else if (ending.kind === "reply") {
      const text = "a stream of replies was asked for, and one reply came";
      this.#end = {
        error: new MeshError(failure("PAYLOAD_INVALID", text, { outcome: "executed" })),
      };
    } else this.#end = { error: undefined };
    this.#wake();
  }

  /** Drops what the reader has not taken. */
  discard(): void {
    this.#buffer.drain();
  }

  /** The reader takes no more: for it the stream has ended, however it ends. */
  abandon(): void {
    this.discard();
    this.#end = { error: undefined };
    this.#wake();
  }

  /** The next element; undefined after the last one. @throws MeshError how the stream ended. */
  async take(): Promise<ContentBytes | undefined> {
    while (this.#buffer.length === 0) {
      if (this.#end !== undefined) {
        if (this.#end.error !== undefined) throw this.#end.error;
        return undefined;
      }
      await new Promise<void>((resolve) => {
        this.#reader = { resolve };
      });
    }
    const content = this.#buffer.shift();
    if (content !== undefined) this.#taken(content.length);
    return content;
  }

  get #mayWrite(): boolean {
    return this.#openChunks > 0 && this.#openBytes > 0;
  }

  #taken(bytes: number): void {
    this.#takenChunks++;
    this.#takenBytes += bytes;
    if (this.isOver) return;
    const half =
      this.#takenChunks * 2 >= this.streamChunks || this.#takenBytes * 2 >= this.streamBytes;
    if (!half) return;
    this.#openChunks += this.#takenChunks;
    this.#openBytes += this.#takenBytes;
    this.#registry.grant(this, this.#takenChunks, this.#takenBytes);
    this.#takenChunks = 0;
    this.#takenBytes = 0;
    this.#registry.watch(this, this.#mayWrite);
  }

  #wake(): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.resolve();
  }
}
