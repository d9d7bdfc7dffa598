/**
 * `grpc.health.v1.Health`, as load balancers and Kubernetes ask it: `Check` and `Watch` for the whole host (the empty
 * name) and for each service.
 *
 * H1. Every name has the same status: a host serves or it does not.
 * H2. `#watchers` are exactly the Watch streams that are open, at most `#maxWatchers`.
 */
import { failure } from "@agentmesh/proto";
import { WireReader, WireWriter } from "@agentmesh/proto/wire";
import type { Server, ServerUnaryCall, ServerWritableStream, sendUnaryData } from "@grpc/grpc-js";
import { statusOf } from "./status.ts";

/** Full name of the service. */
export const HEALTH_SERVICE = "grpc.health.v1.Health";

/** Watch streams of one host; further ones are refused with `OVERLOADED`. */
const MAX_WATCHERS = 1_000;

/** Numbers of `HealthCheckResponse.ServingStatus`. */
const STATUS = { serving: 1, notServing: 2, serviceUnknown: 3 } as const;
type Status = (typeof STATUS)[keyof typeof STATUS];

/** An object, because grpc-js takes the empty text for a missing message. */
interface HealthRequest {
  readonly service: string;
}

type CheckCall = ServerUnaryCall<HealthRequest, Status>;
type WatchCall = ServerWritableStream<HealthRequest, Status>;

/** The health of one host. It serves from the start. */
export class Health {
  readonly #names: ReadonlySet<string>;
  readonly #watchers = new Map<WatchCall, string>();
  readonly #maxWatchers: number;
  #isServing = true;
  #isClosed = false;

  /** `services` are the full names of the services that can be asked for, beside the empty name. */
  constructor(services: readonly string[], maxWatchers = MAX_WATCHERS) {
    this.#maxWatchers = maxWatchers;
    this.#names = new Set(["", HEALTH_SERVICE, ...services]);
  }

  /** Adds the service to a server. */
  register(server: Server): void {
    const check = (call: CheckCall, reply: sendUnaryData<Status>): void => this.#check(call, reply);
    const watch = (call: WatchCall): void => this.#watch(call);
    server.register(`/${HEALTH_SERVICE}/Check`, check, encodeResponse, decodeRequest, "unary");
    server.register(
      `/${HEALTH_SERVICE}/Watch`,
      watch,
      encodeResponse,
      decodeRequest,
      "serverStream",
    );
  }

  /** Tells that the host takes nothing new, to who asks from now on and to who watches. */
  stopServing(): void {
    if (!this.#isServing) return;
    this.#isServing = false;
    for (const [call, name] of this.#watchers) call.write(this.#statusOf(name));
  }

  /** Ends what watches, so that the server can shut down. */
  close(): void {
    this.stopServing();
    this.#isClosed = true;
    for (const call of this.#watchers.keys()) call.end();
    this.#watchers.clear();
  }

  #check(call: CheckCall, reply: sendUnaryData<Status>): void {
    const status = this.#statusOf(call.request.service);
    if (status !== STATUS.serviceUnknown) reply(null, status);
    else reply(statusOf(failure("NOT_FOUND", "this host has no such service")));
  }

  #watch(call: WatchCall): void {
    // A stream that breaks while something is written tells it here; there is nothing to do but to forget it.
    call.on("error", () => this.#watchers.delete(call));
    call.on("cancelled", () => this.#watchers.delete(call));
    if (this.#watchers.size >= this.#maxWatchers) {
      call.emit("error", refusal());
      return;
    }
    call.write(this.#statusOf(call.request.service));
    if (this.#isClosed) call.end();
    else this.#watchers.set(call, call.request.service);
  }

  #statusOf(name: string): Status {
    if (!this.#names.has(name)) return STATUS.serviceUnknown;
    return this.#isServing ? STATUS.serving : STATUS.notServing;
  }
}

/** A stream ends with a status by an error that carries it. */
function refusal(): Error {
  const { code, details, metadata } = statusOf(failure("OVERLOADED", "too many watch its health"));
  return Object.assign(new Error(details), { code, details, metadata });
}

/** `HealthCheckRequest { 1: service }`. */
function decodeRequest(bytes: Buffer): HealthRequest {
  const reader = new WireReader(bytes);
  let service = "";
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === 0x0a) service = reader.text();
    else reader.skip(tag);
  }
  return { service };
}

/** `HealthCheckResponse { 1: status }`. */
function encodeResponse(status: Status): Buffer {
  const writer = new WireWriter(0);
  writer.number(0x08, status);
  return writer.copy();
}
