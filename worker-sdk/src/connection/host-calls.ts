/**
 * Single calls to the hosts of a mesh: one channel per address, made when it is first needed. A call that finds its host
 * unreachable lets the following ones go to the next address.
 *
 * U1. Calls that are open, and their bytes, are bounded: above that a call is refused, so that its caller slows down.
 * U2. A call ends with its bounds, whatever the host does.
 */
import {
  type Clock,
  DEFAULTS,
  type Failure,
  type FailureHints,
  failure,
  MeshError,
  meshError,
  type Timer,
} from "@agentmesh/proto";
import { failureOfStatus } from "@agentmesh/proto/wire";
import {
  Client,
  type ClientReadableStream,
  type ClientUnaryCall,
  type Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import type { Address, Route } from "./addresses.ts";
import { listenTo } from "./caller-signal.ts";
import { type Access, callMetadata, channelOptions, passBytes } from "./dial.ts";
import { ElementStream, type StreamReader } from "./stream-reader.ts";

/** Bounds of a call. */
export interface CallBounds {
  /** Milliseconds: to the answer, or to the first element of a stream and between elements. */
  readonly timeoutMs: number;
  /** Whether the host is told of them; otherwise it has its own default, and they are kept here alone. */
  readonly isTold: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Calls that may be open. Above it there is `OVERLOADED`. */
const MOST_OPEN = 16_384;
/** Bytes of their requests. */
const MOST_OPEN_BYTES = DEFAULTS.requestWindowBytes;

const NOT_SENT: FailureHints = { outcome: "not-executed", retryable: true };

/** An endless stream of answers that has been asked for. */
export interface Following {
  /** Resolves when the host has taken the call; rejects with a MeshError when it refuses. */
  readonly begun: Promise<void>;
  /** Throws a MeshError when the call fails; ends the call when the reader stops. */
  readonly answers: ElementStream<Buffer>;
}

export class HostCalls {
  readonly #route: Route;
  readonly #access: Access;
  readonly #metadata: Metadata;
  readonly #clock: Clock;
  readonly #clients = new Map<Address, Client>();
  #open = 0;
  #openBytes = 0;
  #isClosed = false;

  /** `headers` go with every call, besides the token. */
  constructor(
    route: Route,
    access: Access,
    headers: Readonly<Record<string, string>>,
    clock: Clock,
  ) {
    this.#clock = clock;
    this.#route = route;
    this.#access = access;
    this.#metadata = callMetadata(access);
    for (const [name, value] of Object.entries(headers)) this.#metadata.set(name, value);
  }

  /**
   * Waits until some host is reached.
   * @throws MeshError `CONNECTION_LOST` when none is within `limitMs`, `CANCELLED` when `signal` fires.
   */
  async ready(limitMs: number, signal: AbortSignal | undefined): Promise<void> {
    const deadline = Date.now() + limitMs;
    const tries = this.#route.size;
    const silent: Address[] = [];
    for (let attempt = 1; attempt <= tries; attempt++) {
      const share = Date.now() + (deadline - Date.now()) / (tries - attempt + 1);
      checkSignal(signal);
      if (await this.#isReady(share, signal)) return;
      checkSignal(signal);
      silent.push(this.#route.latest);
      this.#route.advance();
    }
    const text = `no host answers within ${limitMs} ms at ${silent.join(", ")}`;
    throw new MeshError(failure("CONNECTION_LOST", text, NOT_SENT));
  }

  /** Calls a method. @throws MeshError how the call failed. */
  unary(path: string, request: Buffer, bounds: CallBounds): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const { timeoutMs, signal } = bounds;
      checkSignal(signal);
      const address = this.#route.next();
      const client = this.#client(address);
      this.#begin(request);
      const limit = new Limit(this.#clock, timeoutMs, () => call.cancel());
      const onAbort = (): void => call.cancel();
      const call: ClientUnaryCall = client.makeUnaryRequest(
        path,
        passBytes,
        passBytes,
        request,
        this.#metadata,
        bounds.isTold ? { deadline: Date.now() + timeoutMs } : {},
        (error: ServiceError | null, response?: Buffer) => {
          this.#end(request);
          limit.stop();
          signal?.removeEventListener("abort", onAbort);
          if (error === null) resolve(response ?? Buffer.alloc(0));
          else reject(limit.error ?? this.#failed(error, address, signal));
        },
      );
      if (signal !== undefined) listenTo(signal, onAbort);
    });
  }

  /** Calls a method that answers with a stream. @throws MeshError how the call failed, while iterating. */
  stream(path: string, request: Buffer, bounds: CallBounds): ElementStream<Buffer> {
    return new ElementStream((reader) => this.#answers(reader, path, request, bounds));
  }

  async *#answers(
    reader: StreamReader,
    path: string,
    request: Buffer,
    { timeoutMs, signal }: CallBounds,
  ): AsyncGenerator<Buffer, void, undefined> {
    checkSignal(signal);
    const address = this.#route.next();
    const client = this.#client(address);
    this.#begin(request);
    const call: ClientReadableStream<Buffer> = client.makeServerStreamRequest(
      path,
      passBytes,
      passBytes,
      request,
      this.#metadata,
    );
    const onAbort = (): void => call.cancel();
    if (signal !== undefined) listenTo(signal, onAbort);
    reader.onLeave = onAbort;
    try {
      yield* inTime(call, () => new Limit(this.#clock, timeoutMs, onAbort));
    } catch (error) {
      if (reader.hasLeft) return;
      throw isServiceError(error) ? this.#failed(error, address, signal) : error;
    } finally {
      this.#end(request);
      signal?.removeEventListener("abort", onAbort);
      call.cancel();
    }
  }

  /** Calls a method whose stream of answers has no end, at once: before anybody reads. @throws MeshError why not. */
  follow(path: string, request: Buffer, signal: AbortSignal | undefined): Following {
    checkSignal(signal);
    const address = this.#route.next();
    const client = this.#client(address);
    this.#begin(request);
    const call: ClientReadableStream<Buffer> = client.makeServerStreamRequest(
      path,
      passBytes,
      passBytes,
      request,
      this.#metadata,
    );
    const onAbort = (): void => call.cancel();
    if (signal !== undefined) listenTo(signal, onAbort);
    call.once("status", () => {
      this.#end(request);
      signal?.removeEventListener("abort", onAbort);
    });
    return following(call, (error) => this.#failed(error, address, signal));
  }

  /** Ends all connections; calls that are open fail. Idempotent. */
  close(): void {
    this.#isClosed = true;
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }

  #isReady(deadline: number, signal: AbortSignal | undefined): Promise<boolean> {
    const client = this.#client(this.#route.next());
    return new Promise((resolve) => {
      const answer = (isReady: boolean): void => {
        signal?.removeEventListener("abort", onAbort);
        resolve(isReady);
      };
      const onAbort = (): void => answer(false);
      if (signal !== undefined) listenTo(signal, onAbort);
      client.waitForReady(deadline, (error) => answer(error === undefined));
    });
  }

  #begin(request: Buffer): void {
    const bytes = this.#openBytes + request.length;
    if (this.#open >= MOST_OPEN || (this.#open > 0 && bytes > MOST_OPEN_BYTES)) {
      throw meshError("OVERLOADED", "too many calls of this client are open", {
        retryAfterMs: 100,
      });
    }
    this.#open++;
    this.#openBytes = bytes;
  }

  #end(request: Buffer): void {
    this.#open--;
    this.#openBytes -= request.length;
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

/** A time limit that this side keeps: it is authoritative, whatever the host does. */
class Limit {
  readonly #timer: Timer;
  #error: MeshError | undefined;

  constructor(clock: Clock, timeoutMs: number, onOver: () => void) {
    this.#timer = clock.after(timeoutMs, () => {
      this.#error = new MeshError(failure("DEADLINE_EXCEEDED"));
      onOver();
    });
  }

  /** That the time is over; undefined while it is not. */
  get error(): MeshError | undefined {
    return this.#error;
  }

  stop(): void {
    this.#timer.cancel();
  }
}

/** The elements of a call, while each is there within its time. Time that the reader takes does not count. */
async function* inTime(
  call: ClientReadableStream<Buffer>,
  begin: () => Limit,
): AsyncGenerator<Buffer, void, undefined> {
  const elements: AsyncIterator<Buffer> = call[Symbol.asyncIterator]();
  for (;;) {
    const limit = begin();
    try {
      const { done, value } = await elements.next();
      limit.stop();
      if (done === true) return;
      yield value;
    } catch (error) {
      throw limit.error ?? error;
    } finally {
      limit.stop();
    }
  }
}

function following(
  call: ClientReadableStream<Buffer>,
  failed: (error: ServiceError) => MeshError,
): Following {
  let lost: MeshError | undefined;
  const begun = new Promise<void>((resolve, reject) => {
    call.once("metadata", () => resolve());
    call.on("error", (error) => {
      // Anything else comes from a reader that stops.
      if (!isServiceError(error)) return;
      lost = failed(error);
      reject(lost);
    });
  });
  // Who only reads is told there.
  begun.catch(() => undefined);
  async function* answers(reader: StreamReader): AsyncGenerator<Buffer, void, undefined> {
    reader.onLeave = () => call.cancel();
    try {
      for await (const answer of call) yield answer;
    } catch (error) {
      if (reader.hasLeft) return;
      throw lost ?? error;
    } finally {
      call.cancel();
    }
    // It failed before anybody read.
    if (lost !== undefined) throw lost;
  }
  return { begun, answers: new ElementStream(answers) };
}

/** @throws MeshError `CANCELLED` when the signal has fired: nothing was sent. */
function checkSignal(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new MeshError(failure("CANCELLED", undefined, NOT_SENT), { cause: signal.reason });
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "code" in error && typeof error.code === "number";
}
