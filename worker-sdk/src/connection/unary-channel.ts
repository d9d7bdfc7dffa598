/**
 * Single calls to the hosts of a mesh: one channel per address, made when it is first needed. A call that finds its host
 * unreachable lets the following ones go to the next address.
 */
import { type Failure, failure, MeshError } from "@agentmesh/proto";
import {
  type CallOptions,
  Client,
  type ClientReadableStream,
  type ClientUnaryCall,
  type Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import type { Address, Route } from "./addresses.ts";
import { listenTo } from "./caller-signal.ts";
import { type Access, callMetadata, channelOptions, passBytes } from "./dial.ts";
import { failureOfStatus } from "./status-failure.ts";

/** Bounds of a call. */
export interface CallBounds {
  /** Milliseconds; undefined for none. */
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
}

export class UnaryChannel {
  readonly #route: Route;
  readonly #access: Access;
  readonly #metadata: Metadata;
  readonly #clients = new Map<Address, Client>();
  #isClosed = false;

  /** `headers` go with every call, besides the token. */
  constructor(route: Route, access: Access, headers: Readonly<Record<string, string>>) {
    this.#route = route;
    this.#access = access;
    this.#metadata = callMetadata(access);
    for (const [name, value] of Object.entries(headers)) this.#metadata.set(name, value);
  }

  /**
   * Waits until some host is reached.
   * @throws MeshError `CONNECTION_LOST` when none is within `limitMs`.
   */
  async ready(limitMs: number): Promise<void> {
    const deadline = Date.now() + limitMs;
    const tries = this.#route.size;
    const silent: Address[] = [];
    for (let attempt = 1; attempt <= tries; attempt++) {
      const share = Date.now() + (deadline - Date.now()) / (tries - attempt + 1);
      if (await this.#isReady(share)) return;
      silent.push(this.#route.latest);
      this.#route.advance();
    }
    const hints = { outcome: "not-executed", retryable: true } as const;
    const text = `no host answers within ${limitMs} ms at ${silent.join(", ")}`;
    throw new MeshError(failure("CONNECTION_LOST", text, hints));
  }

  /** Calls a method. @throws MeshError how the call failed. */
  unary(path: string, request: Buffer, bounds: CallBounds): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const address = this.#route.current;
      const { signal } = bounds;
      const onAbort = (): void => call.cancel();
      const call: ClientUnaryCall = this.#client(address).makeUnaryRequest(
        path,
        passBytes,
        passBytes,
        request,
        this.#metadata,
        optionsOf(bounds),
        (error: ServiceError | null, response?: Buffer) => {
          signal?.removeEventListener("abort", onAbort);
          if (error === null) resolve(response ?? Buffer.alloc(0));
          else reject(this.#failed(error, address, signal));
        },
      );
      if (signal !== undefined) listenTo(signal, onAbort);
    });
  }

  /** Calls a method that answers with a stream. @throws MeshError how the call failed, while iterating. */
  async *stream(path: string, request: Buffer, bounds: CallBounds): AsyncGenerator<Buffer> {
    const address = this.#route.current;
    const { signal } = bounds;
    const call: ClientReadableStream<Buffer> = this.#client(address).makeServerStreamRequest(
      path,
      passBytes,
      passBytes,
      request,
      this.#metadata,
      optionsOf(bounds),
    );
    const onAbort = (): void => call.cancel();
    if (signal !== undefined) listenTo(signal, onAbort);
    try {
      for await (const chunk of call) yield chunk;
    } catch (error) {
      throw isServiceError(error) ? this.#failed(error, address, signal) : error;
    } finally {
      signal?.removeEventListener("abort", onAbort);
      call.cancel();
    }
  }

  /** Ends all channels; calls that are open fail. Idempotent. */
  close(): void {
    this.#isClosed = true;
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }

  #isReady(deadline: number): Promise<boolean> {
    const client = this.#client(this.#route.current);
    return new Promise((resolve) => {
      client.waitForReady(deadline, (error) => resolve(error === undefined));
    });
  }

  #client(address: Address): Client {
    if (this.#isClosed) throw new MeshError(failure("CLOSED", "the client is closed"));
    const known = this.#clients.get(address);
    if (known !== undefined) return known;
    const options = { ...channelOptions(this.#access), ...RECONNECT };
    const client = new Client(address, this.#access.credentials, options);
    this.#clients.set(address, client);
    return client;
  }

  #failed(error: ServiceError, address: Address, signal: AbortSignal | undefined): MeshError {
    const reason: Failure = failureOfStatus(error);
    if (reason.code === "CONNECTION_LOST") this.#route.leave(address);
    const cause: unknown = signal?.aborted === true ? signal.reason : undefined;
    return new MeshError(reason, cause === undefined ? undefined : { cause });
  }
}

/** A channel that lost its host looks for it soon. */
const RECONNECT = {
  "grpc.initial_reconnect_backoff_ms": 50,
  "grpc.max_reconnect_backoff_ms": 5_000,
};

function optionsOf({ timeoutMs }: CallBounds): CallOptions {
  return timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "code" in error && "details" in error;
}
