/**
 * One stream of a client: turns the events of grpc-js into five calls and guarantees one ending.
 *
 * 1. `onLost` is called exactly once, whatever ends the stream but this host.
 * 2. After it, or after `close`, nothing is written and nothing is told.
 */
import { type Failure, failure, LIMITS } from "@agentmesh/proto";
import { Fifo } from "@agentmesh/proto/link";
import { Metadata, type ServerDuplexStream } from "@grpc/grpc-js";
import type { Connections } from "../connections.ts";
import { statusOf } from "../status.ts";
import { clipLongMessages } from "./clipper.ts";

/** A stream whose messages are bytes. */
export type RawChannel = ServerDuplexStream<Buffer, Buffer>;

export interface ChannelEvents {
  /** A message has arrived. */
  onMessage(bytes: Buffer): void;
  /** A message was longer than may be; this is its head, and its length. */
  onTooLong(head: Buffer, bytes: number): void;
  /** The stream can take more. */
  onDrain(): void;
  /** The client will write no more; it still reads. */
  onHalfClosed(): void;
  /** The stream is gone. */
  onLost(reason: Failure): void;
}

/** What a channel needs of the host. */
export interface ChannelParts {
  readonly connections: Connections;
  /** Largest content, in bytes. A message may be LIMITS.frameOverheadBytes longer. */
  readonly maxPayloadBytes: number;
}

/** Bytes that a stream may have taken and not passed on. grpc-js itself counts messages, however large. */
const WINDOW_BYTES = 256 * 1024;

export class Channel {
  /** Network address of the client. */
  readonly peer: string;
  readonly #call: RawChannel;
  readonly #connections: Connections;
  /** Sizes of the messages that HTTP/2 has not taken yet. */
  readonly #onTheWay = new Fifo<number>();
  #bytes = 0;
  #events: ChannelEvents | undefined;

  constructor(
    call: RawChannel,
    { connections, maxPayloadBytes }: ChannelParts,
    eventsOf: (channel: Channel) => ChannelEvents,
  ) {
    this.#call = call;
    this.#connections = connections;
    this.peer = call.getPeer();
    this.#events = eventsOf(this);
    const maxBytes = maxPayloadBytes + LIMITS.frameOverheadBytes;
    clipLongMessages(call, maxBytes, (head, bytes) => this.#events?.onTooLong(head, bytes));
    // grpc-js raises an 'error' for what a write to a dead stream meets: without a listener the process would end.
    call.on("error", (error) => this.#lost(error.message));
    call.on("cancelled", () => this.#lost("its stream was cancelled"));
    call.on("close", () => this.#lost("its stream was closed"));
    // A cancelled call ends like a half-closed one, and is told to be cancelled in the same turn of the event loop.
    call.on("end", () => setImmediate(() => this.#events?.onHalfClosed()));
    // A stream without headers is one that its worker repeats, with all that it wrote, at the next host.
    call.sendMetadata(new Metadata());
  }

  /** Bytes that have arrived on its connection. */
  get bytesRead(): number {
    return this.#connections.bytesRead(this.peer);
  }

  /** Starts to read. */
  listen(): void {
    this.#call.on("data", (bytes: Buffer) => this.#events?.onMessage(bytes));
  }

  /** Writes a message. @returns whether the stream takes more; when it does not, `onDrain` is called once it does. */
  write(bytes: Buffer): boolean {
    if (this.#events === undefined) return true;
    this.#onTheWay.push(bytes.length);
    this.#bytes += bytes.length;
    this.#call.write(bytes, this.#flushed);
    return this.#bytes < WINDOW_BYTES;
  }

  /** Ends the stream and tells the client why: never with OK, after which a .NET worker reads in a circle. */
  close(reason: Failure): void {
    if (this.#events === undefined) return;
    this.#events = undefined;
    this.#call.emit("error", statusOf(reason));
  }

  readonly #flushed = (): void => {
    const wasFull = this.#bytes >= WINDOW_BYTES;
    this.#bytes -= this.#onTheWay.shift() ?? 0;
    if (wasFull && this.#bytes < WINDOW_BYTES) this.#events?.onDrain();
  };

  #lost(text: string): void {
    const events = this.#events;
    this.#events = undefined;
    events?.onLost(failure("CONNECTION_LOST", text));
  }
}
