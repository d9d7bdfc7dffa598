/**
 * Single calls to the hosts of a mesh: one channel per address, made when it is first needed. A call that finds its host
 * unreachable or leaving lets the following ones go to the next address.
 *
 * U1. Calls that are open, and their bytes, are bounded: above that a call is refused, so that its caller slows down.
 * U2. A call ends with its bounds and when this side is closed, whatever the host does.
 * U3. A call that has had no effect at a host that is gone is made once more, at the next address.
 */
import {
  type Clock,
  DEFAULTS,
  type ErrorCode,
  type FailureHints,
  failure,
  METADATA,
  MeshError,
  meshError,
} from "@agentmesh/proto";
import { failureOfStatus } from "@agentmesh/proto/wire";
import {
  Client,
  type ClientReadableStream,
  connectivityState,
  type Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import { type AccessSource, openAccess } from "./access.ts";
import { type Address, Route } from "./addresses.ts";
import { listenTo } from "./caller-signal.ts";
import { type Access, callMetadata, channelOptions, passBytes } from "./dial.ts";
import { checkSignal, OpenCall } from "./open-call.ts";
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

/** What every host answers, to whomever. */
const HEALTH = "/grpc.health.v1.Health/Check";

const MAYBE_EXECUTED: FailureHints = { outcome: "unknown", retryable: false };
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
  readonly #open = new Set<OpenCall>();
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
    // A connection that is being made does not keep the process alive: it would end, and nobody be told why.
    const lifeline = setTimeout(() => undefined, limitMs);
    try {
      await this.#reach(limitMs, signal);
    } finally {
      clearTimeout(lifeline);
    }
  }

  /** Calls a method. @throws MeshError how the call failed. */
  async unary(path: string, request: Buffer, bounds: CallBounds): Promise<Buffer> {
    const since = this.#clock.now();
    try {
      return await this.#once(path, request, bounds);
    } catch (error) {
      const timeoutMs = bounds.timeoutMs - (this.#clock.now() - since);
      if (!this.#mayGoElsewhere(error) || timeoutMs <= 0) throw error;
      return this.#once(path, request, { ...bounds, timeoutMs });
    }
  }

  /** Calls a method that answers with a stream. @throws MeshError how the call failed, while iterating. */
  stream(path: string, request: Buffer, bounds: CallBounds): ElementStream<Buffer> {
    return new ElementStream((reader) => this.#answers(reader, path, request, bounds));
  }

  /** Calls a method whose stream of answers has no end, at once: before anybody reads. @throws MeshError why not. */
  follow(path: string, request: Buffer, signal: AbortSignal | undefined): Following {
    const open = this.#begin(request, signal);
    const call = this.#client(open.address).makeServerStreamRequest(
      path,
      passBytes,
      passBytes,
      request,
      this.#metadata,
    );
    open.begun(call);
    call.once("status", () => this.#end(open));
    return following(call, (error) => this.#failed(error, open));
  }

  /** Ends all connections; calls that are open fail with `CLOSED`. Idempotent. */
  close(): void {
    this.#isClosed = true;
    const reason = new MeshError(failure("CLOSED", "the client was closed", MAYBE_EXECUTED));
    for (const open of this.#open) open.giveUp(reason);
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }

  #once(path: string, request: Buffer, bounds: CallBounds): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const open = this.#begin(request, bounds.signal);
      const call = this.#client(open.address).makeUnaryRequest(
        path,
        passBytes,
        passBytes,
        request,
        this.#metadata,
        bounds.isTold ? { deadline: Date.now() + bounds.timeoutMs } : {},
        (error: ServiceError | null, response?: Buffer) => {
          this.#end(open);
          if (error === null) resolve(response ?? Buffer.alloc(0));
          else reject(this.#failed(error, open));
        },
      );
      open.begun(call);
      open.limit(bounds.timeoutMs);
    });
  }

  async *#answers(
    reader: StreamReader,
    path: string,
    request: Buffer,
    bounds: CallBounds,
  ): AsyncGenerator<Buffer, void, undefined> {
    try {
      yield* this.#answersOnce(reader, path, request, bounds);
      return;
    } catch (error) {
      if (!this.#mayGoElsewhere(error)) throw error;
    }
    yield* this.#answersOnce(reader, path, request, bounds);
  }

  async *#answersOnce(
    reader: StreamReader,
    path: string,
    request: Buffer,
    { timeoutMs, signal }: CallBounds,
  ): AsyncGenerator<Buffer, void, undefined> {
    const open = this.#begin(request, signal);
    const call: ClientReadableStream<Buffer> = this.#client(open.address).makeServerStreamRequest(
      path,
      passBytes,
      passBytes,
      request,
      this.#metadata,
    );
    open.begun(call);
    reader.onLeave = () => call.cancel();
    try {
      yield* inTime(call, open, timeoutMs);
    } catch (error) {
      if (reader.hasLeft) return;
      throw isServiceError(error) ? this.#failed(error, open) : error;
    } finally {
      this.#end(open);
      call.cancel();
    }
  }

  async #reach(limitMs: number, signal: AbortSignal | undefined): Promise<void> {
    const deadline = Date.now() + limitMs;
    const tries = this.#route.size;
    const silent: Address[] = [];
    let why = "";
    for (let attempt = 1; attempt <= tries; attempt++) {
      const share = Date.now() + (deadline - Date.now()) / (tries - attempt + 1);
      checkSignal(signal);
      if (await this.#isReady(share, signal)) return;
      checkSignal(signal);
      const { latest } = this.#route;
      silent.push(latest);
      why = (await this.#obstacle(latest)) ?? why;
      this.#route.advance();
    }
    const text = `no host answers within ${limitMs} ms at ${silent.join(", ")}${why}`;
    throw new MeshError(failure("CONNECTION_LOST", text, NOT_SENT));
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

  /** Why there is no connection, as grpc-js tells a call that needs one; undefined when it still tries. */
  #obstacle(address: Address): Promise<string | undefined> {
    const client = this.#client(address);
    const state = client.getChannel().getConnectivityState(false);
    if (state !== connectivityState.TRANSIENT_FAILURE) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const answer = (error: ServiceError | null): void =>
        resolve(error === null ? undefined : `: ${failureOfStatus(error).text}`);
      const nothing = Buffer.alloc(0);
      client.makeUnaryRequest(HEALTH, passBytes, passBytes, nothing, this.#metadata, answer);
    });
  }

  #begin(request: Buffer, signal: AbortSignal | undefined): OpenCall {
    if (this.#isClosed) throw new MeshError(failure("CLOSED", "the client is closed"));
    const open = new OpenCall(this.#route.next(), request.length, this.#clock, signal);
    const bytes = this.#openBytes + open.bytes;
    if (this.#open.size >= MOST_OPEN || (this.#open.size > 0 && bytes > MOST_OPEN_BYTES)) {
      throw meshError("OVERLOADED", "too many calls of this client are open", {
        retryAfterMs: 100,
      });
    }
    this.#open.add(open);
    this.#openBytes = bytes;
    return open;
  }

  #end(open: OpenCall): void {
    open.end();
    if (this.#open.delete(open)) this.#openBytes -= open.bytes;
  }

  #client(address: Address): Client {
    const known = this.#clients.get(address);
    if (known !== undefined) return known;
    const options = { ...channelOptions(this.#access), ...RECONNECT };
    const client = new Client(address, this.#access.credentials, options);
    this.#clients.set(address, client);
    return client;
  }

  /** Whether a call that failed has had no effect, and another host may take it. */
  #mayGoElsewhere(error: unknown): boolean {
    if (!(error instanceof MeshError) || error.outcome !== "not-executed") return false;
    return GONE.has(error.code) && this.#route.size > 1;
  }

  #failed(error: ServiceError, open: OpenCall): MeshError {
    if (open.reason !== undefined) return open.reason;
    const reason = failureOfStatus(error);
    if (GONE.has(reason.code)) this.#route.leave(open.address);
    return new MeshError(reason);
  }
}

/** Codes of a host that is not there for calls, or will not be soon. */
const GONE: ReadonlySet<ErrorCode> = new Set(["CONNECTION_LOST", "HOST_DRAINING"]);

/** How to reach hosts for single calls. */
export interface Reach extends AccessSource {
  readonly addresses: readonly Address[];
  readonly namespace: string;
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Connects to the first host that answers. @throws MeshError `INVALID_ARGUMENT`, and as `ready` does. */
export async function reachHosts(reach: Reach): Promise<HostCalls> {
  const access = await openAccess(reach);
  const headers = { [METADATA.namespace]: reach.namespace };
  const calls = new HostCalls(new Route(reach.addresses), access, headers, reach.clock);
  try {
    await calls.ready(reach.connectTimeoutMs, reach.signal);
  } catch (error) {
    calls.close();
    throw error;
  }
  return calls;
}

/** A channel that lost its host looks for it soon. */
const RECONNECT = {
  "grpc.initial_reconnect_backoff_ms": 50,
  "grpc.max_reconnect_backoff_ms": 5_000,
};

/** The elements of a call, while each is there within its time. Time that the reader takes does not count. */
async function* inTime(
  call: ClientReadableStream<Buffer>,
  open: OpenCall,
  timeoutMs: number,
): AsyncGenerator<Buffer, void, undefined> {
  const elements: AsyncIterator<Buffer> = call[Symbol.asyncIterator]();
  for (;;) {
    open.limit(timeoutMs);
    const { done, value } = await elements.next();
    open.unlimited();
    if (done === true) return;
    yield value;
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

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "code" in error && typeof error.code === "number";
}
