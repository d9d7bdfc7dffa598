/** A gRPC channel to one host: single calls and streams of answers, in bytes. */
import { type Failure, failure, LIMITS, METADATA, MeshError } from "@agentmesh/proto";
import { failureOfStatus } from "@agentmesh/proto/wire";
import {
  type CallOptions,
  type ChannelCredentials,
  Client,
  connectivityState,
  credentials,
  Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import { type Address, formatAddress } from "../../options/address.ts";
import { EXIT } from "../exit-codes.ts";
import { CommandFailure } from "../terminal.ts";
import type { Connection } from "./connection-flags.ts";

/** A stream of answers. */
export interface Answers extends AsyncIterable<Buffer> {
  /** Resolves when the host has taken the call; rejects when it refuses. */
  readonly begun: Promise<void>;
  cancel(): void;
}

const bytes = (value: Buffer): Buffer => value;

export class Channel {
  readonly address: Address;
  readonly #client: Client;
  readonly #metadata: Metadata;

  constructor(address: Address, connection: Connection) {
    this.address = address;
    this.#metadata = metadataOf(connection);
    const name = connection.tls?.serverName;
    this.#client = new Client(formatAddress(address), credentialsOf(connection), {
      "grpc.enable_retries": 0,
      "grpc.max_receive_message_length": -1,
      "grpc.max_send_message_length": -1,
      "grpc-node.flow_control_window": LIMITS.http2WindowBytes,
      ...(name === undefined
        ? {}
        : { "grpc.ssl_target_name_override": name, "grpc.default_authority": name }),
    });
  }

  /** Whether the host is reached by then; false at once when it cannot be. */
  reach(deadline: number): Promise<boolean> {
    const channel = this.#client.getChannel();
    return new Promise((resolve) => {
      const look = (): void => {
        const state = channel.getConnectivityState(true);
        if (state === connectivityState.READY) return resolve(true);
        if (state === connectivityState.TRANSIENT_FAILURE) return resolve(false);
        channel.watchConnectivityState(state, deadline, (error) =>
          error === undefined ? look() : resolve(false),
        );
      };
      look();
    });
  }

  /** Calls a method. Rejects with a MeshError that says how the call failed. */
  unary(path: string, request: Uint8Array, timeoutMs?: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const settle = (error: ServiceError | null, response?: Buffer): void => {
        if (error === null) resolve(response ?? Buffer.alloc(0));
        else reject(new MeshError(told(error)));
      };
      const [options, body] = [optionsOf(timeoutMs), Buffer.from(request)];
      this.#client.makeUnaryRequest(path, bytes, bytes, body, this.#metadata, options, settle);
    });
  }

  /** Calls a method that answers with a stream. Iterating throws a MeshError when the call fails. */
  stream(path: string, request: Uint8Array): Answers {
    const body = Buffer.from(request);
    const call = this.#client.makeServerStreamRequest(path, bytes, bytes, body, this.#metadata);
    const begun = new Promise<void>((resolve, reject) => {
      call.once("metadata", () => resolve());
      call.on("error", (error: ServiceError) => reject(new MeshError(told(error))));
    });
    // Who only iterates is told there.
    begun.catch(() => undefined);
    async function* answers(): AsyncGenerator<Buffer> {
      try {
        for await (const answer of call) yield answer;
      } catch (error) {
        throw isServiceError(error) ? new MeshError(told(error)) : error;
      }
    }
    return { begun, cancel: () => call.cancel(), [Symbol.asyncIterator]: answers };
  }

  /** Opens a stream in both directions, writes one message and takes one answer, or how the stream ended. */
  firstAnswer(path: string, message: Buffer, timeoutMs: number): Promise<Buffer | Failure> {
    const options = optionsOf(timeoutMs);
    const call = this.#client.makeBidiStreamRequest(path, bytes, bytes, this.#metadata, options);
    return new Promise((resolve) => {
      call.once("data", (answer: Buffer) => {
        resolve(answer);
        call.end();
      });
      // A host that refuses says so here; one that has answered has nothing left to say.
      call.on("error", (error: ServiceError) => resolve(told(error)));
      call.once("end", () => resolve(failure("CONNECTION_LOST", "the host ended the stream")));
      call.write(message);
    });
  }

  close(): void {
    this.#client.close();
  }
}

/**
 * Connects to the first host that answers.
 * @throws CommandFailure when none does in time.
 */
export async function openChannel(connection: Connection): Promise<Channel> {
  const { addresses, connectTimeoutMs } = connection;
  const share = connectTimeoutMs / addresses.length;
  for (const address of addresses) {
    const channel = new Channel(address, connection);
    if (await channel.reach(Date.now() + share)) return channel;
    channel.close();
  }
  const where = addresses.map(formatAddress).join(", ");
  const text = `no host answers at ${where}; agentmesh doctor with the same options says why`;
  throw new CommandFailure(text, EXIT.unreachable);
}

function credentialsOf({ tls }: Connection): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  try {
    return credentials.createSsl(tls.ca ?? null, tls.key ?? null, tls.cert ?? null);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(`the files of TLS cannot be used: ${why}`, EXIT.config);
  }
}

function metadataOf({ token, namespace }: Connection): Metadata {
  const metadata = new Metadata();
  metadata.set(METADATA.namespace, namespace);
  if (token !== undefined) metadata.set(METADATA.authorization, `Bearer ${token}`);
  return metadata;
}

function optionsOf(timeoutMs: number | undefined): CallOptions {
  return timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
}

function told({ code, details, metadata, message }: ServiceError): Failure {
  return failureOfStatus({ code, details: details ?? message, metadata });
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "code" in error && "details" in error;
}
