/**
 * One gRPC stream to a host, over a channel of its own: turns the events of grpc-js into three calls and guarantees one
 * ending.
 *
 * S1. `onEnd` is called exactly once, whatever ends the stream; after it nothing is read or written.
 * S2. The channel ends with its stream: a new attempt never meets the state of an old one.
 */
import { BOUNDS, type Failure, failure, LIMITS, METADATA } from "@agentmesh/proto";
import type { BatchStream } from "@agentmesh/proto/link";
import { failureOfStatus } from "@agentmesh/proto/wire";
import {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  type ClientDuplexStream,
  Metadata,
  type ServiceError,
  type StatusObject,
} from "@grpc/grpc-js";
import type { Address } from "./addresses.ts";
import { join, leave, retire, type Share, sharing } from "./shared-connections.ts";

/** How to reach a host. */
export interface Access {
  readonly credentials: ChannelCredentials;
  /** Name in the host's certificate, when it differs from the address; undefined otherwise. */
  readonly serverName: string | undefined;
  /** Bearer token; undefined for none. */
  readonly token: string | undefined;
}

/** What happens on a stream. */
export interface StreamEvents {
  /** A batch has arrived. */
  onBatch(bytes: Buffer): void;
  /** It can take more after a write returned false. */
  onDrain(): void;
  /** It is over. */
  onEnd(reason: Failure): void;
}

const CONNECT_PATH = "/agentmesh.v1.GatewayService/Connect";
/** A host that stops is noticed within their sum, and that within the 10 s that are promised. */
const KEEPALIVE_TIME_MS = 4_000;
const KEEPALIVE_TIMEOUT_MS = 4_000;
/**
 * The same timeout for connections with streams. On a slow link the answer queues behind a large message, and a stream
 * that is dead is noticed before by its session.
 */
const STREAM_KEEPALIVE_TIMEOUT_MS = 60_000;
/** The host's own limit is not known when the channel is made; no host may raise it above this. */
const MOST_RECEIVED_BYTES = BOUNDS.maxPayloadBytes + LIMITS.frameOverheadBytes;

/** Options of every channel to a host. */
export function channelOptions(
  access: Access,
  keepaliveTimeoutMs = KEEPALIVE_TIMEOUT_MS,
): ChannelOptions {
  return {
    // Retry buffers keep every message of a stream, and a stream cannot be retried.
    "grpc.enable_retries": 0,
    // The subchannels of others may be waiting out their own backoff.
    "grpc.use_local_subchannel_pool": 1,
    "grpc-node.flow_control_window": LIMITS.http2WindowBytes,
    "grpc.keepalive_time_ms": KEEPALIVE_TIME_MS,
    "grpc.keepalive_timeout_ms": keepaliveTimeoutMs,
    "grpc.keepalive_permit_without_calls": 1,
    "grpc.max_receive_message_length": MOST_RECEIVED_BYTES,
    "grpc.max_send_message_length": -1,
    ...(access.serverName === undefined
      ? {}
      : {
          "grpc.ssl_target_name_override": access.serverName,
          "grpc.default_authority": access.serverName,
        }),
  };
}

/** Metadata of every call to a host. */
export function callMetadata(access: Access): Metadata {
  const metadata = new Metadata();
  if (access.token !== undefined) metadata.set(METADATA.authorization, `Bearer ${access.token}`);
  return metadata;
}

/** Passes bytes on: the batches are encoded and decoded where they are made and read. */
export function passBytes(bytes: Buffer): Buffer {
  return bytes;
}

export class HostStream implements BatchStream {
  readonly address: Address;
  readonly #share: Share;
  readonly #client: Client;
  readonly #call: ClientDuplexStream<Buffer, Buffer>;
  #events: StreamEvents | undefined;
  #ended: (() => void) | undefined;
  #isFinished = false;

  /** Dials at once; what is written meanwhile waits for the connection. */
  constructor(address: Address, access: Access, events: StreamEvents) {
    this.address = address;
    this.#events = events;
    this.#share = join(address, access.credentials);
    const channel = channelOptions(access, STREAM_KEEPALIVE_TIMEOUT_MS);
    const options = sharing(channel, this.#share.generation);
    this.#client = new Client(address, this.#share.credentials, options);
    this.#call = this.#client.makeBidiStreamRequest(
      CONNECT_PATH,
      passBytes,
      passBytes,
      callMetadata(access),
    );
    this.#call.on("data", (bytes: Buffer) => this.#events?.onBatch(bytes));
    this.#call.on("drain", () => this.#events?.onDrain());
    this.#call.on("status", (status: StatusObject) => this.#end(reasonOf(status)));
    // Raised before a status that is not OK, and alone for a write to a dead stream.
    this.#call.on("error", (error: ServiceError) => this.#end(reasonOf(error)));
  }

  /** Bytes that have arrived on its connection. */
  get bytesRead(): number {
    return this.#share.credentials.bytesRead;
  }

  write(batch: Buffer): boolean {
    return this.#events === undefined ? true : this.#call.write(batch);
  }

  /** Says that nothing more follows; the host ends the stream. */
  finish(): void {
    if (this.#events === undefined) return;
    this.#isFinished = true;
    this.#call.end();
  }

  /** Runs `run` once the stream has ended. */
  whenEnded(run: () => void): void {
    if (this.#events === undefined) run();
    else this.#ended = run;
  }

  /** Ends it at once. */
  destroy(reason: Failure): void {
    if (this.#events === undefined) return;
    this.#end(reason);
    this.#call.cancel();
  }

  #end(reason: Failure): void {
    const events = this.#events;
    // Of an end that is an error grpc-js tells twice.
    if (events === undefined) return;
    this.#events = undefined;
    leave(this.address, this.#share);
    if (!this.#isFinished) retire(this.address, this.#share);
    this.#client.close();
    events.onEnd(reason);
    this.#ended?.();
  }
}

function reasonOf(status: StatusObject | ServiceError): Failure {
  if (status.code === 0) return failure("CONNECTION_LOST", "the host ended the stream");
  return failureOfStatus({
    code: status.code,
    details: status.details ?? (status instanceof Error ? status.message : ""),
    metadata: status.metadata,
  });
}
