/**
 * One gRPC stream from a worker: turns the events of grpc-js into four calls and guarantees one ending.
 *
 * 1. `onLost` is called exactly once, whatever ends the stream.
 * 2. After it nothing is written.
 */

import { type Failure, failure } from "@agentmesh/proto";
import type { BatchStream } from "@agentmesh/proto/link";
import type { ServerDuplexStream } from "@grpc/grpc-js";
import type { Connections } from "./connections.ts";
import { statusOf } from "./status.ts";

/** A stream of raw batches. */
export type RawStream = ServerDuplexStream<Buffer, Buffer>;

export interface WorkerStreamEvents {
  /** A batch has arrived. A thrown error closes the stream with it. */
  onBatch(bytes: Buffer): void;
  /** The stream can take more. */
  onDrain(): void;
  /** The stream is gone. */
  onLost(reason: Failure): void;
}

export class WorkerStream implements BatchStream {
  /** Network address of the worker. */
  readonly peer: string;
  readonly #call: RawStream;
  readonly #connections: Connections;
  #events: WorkerStreamEvents | undefined;

  constructor(call: RawStream, connections: Connections) {
    this.#call = call;
    this.#connections = connections;
    this.peer = call.getPeer();
    // grpc-js raises an 'error' for what a write to a dead stream meets: without a listener the process would end.
    call.on("error", (error) => this.#lost(failure("CONNECTION_LOST", error.message)));
    call.on("cancelled", () => this.#lost(failure("CONNECTION_LOST", "the stream was cancelled")));
    call.on("close", () => this.#lost(failure("CONNECTION_LOST", "the stream was closed")));
    call.on("end", () => this.#halfClosed());
    call.on("drain", () => this.#events?.onDrain());
  }

  /** Bytes that have arrived on its connection. */
  get bytesRead(): number {
    return this.#connections.bytesRead(this.peer);
  }

  /** Starts to read. */
  listen(events: WorkerStreamEvents): void {
    this.#events = events;
    this.#call.on("data", (bytes: Buffer) => this.#events?.onBatch(bytes));
  }

  /** Hands the stream to other listeners, without losing a batch. */
  handOver(events: WorkerStreamEvents): void {
    this.#events = events;
  }

  /** Whether the worker can still be reached over it. */
  get isOpen(): boolean {
    return this.#events !== undefined;
  }

  /** Reads no further batch before {@link WorkerStream.resume}. */
  pause(): void {
    this.#call.pause();
  }

  /** Reads on. */
  resume(): void {
    this.#call.resume();
  }

  write(batch: Buffer): boolean {
    return this.#events === undefined ? true : this.#call.write(batch);
  }

  /** Ends the stream and tells the worker why. */
  close(reason: Failure): void {
    if (this.#events === undefined) return;
    this.#lost(reason);
    this.#call.emit("error", statusOf(reason));
  }

  /** Ends the stream of a worker that does not answer. */
  destroy(reason: Failure): void {
    if (this.#events === undefined) return;
    this.#call.emit("error", statusOf(reason));
    this.#lost(reason);
  }

  #halfClosed(): void {
    const open = this.#events !== undefined;
    this.#lost(failure("CONNECTION_LOST", "the worker ended the stream"));
    if (open) this.#call.end();
  }

  #lost(reason: Failure): void {
    const events = this.#events;
    this.#events = undefined;
    events?.onLost(reason);
  }
}
