/**
 * One worker of AutoGen, as its `client-id` names it: a session whose streams may come and go.
 *
 * Phases: `awaited` (it has announced something and not opened its channel) → `open` → `suspended` (its stream broke; what
 * is for its agents waits for the lease) → `parked` (nothing of it is announced any more, but it is remembered for the
 * grace) → `ended`. A new stream leads to `open` from everywhere but the last.
 *
 * 1. Each phase owns its timer and its stream; `#enter` stops those of the phase that it leaves.
 * 2. A delivery of an event is done when it is written: these workers acknowledge nothing. One event is written once.
 * 3. A call ends by the response with its id, or by any other ending of it; then nobody listens to the response.
 */
import { type Clock, type Failure, failure, type Timer } from "@agentmesh/proto";
import { type CloudEvent, Message, type RpcResponse } from "@agentmesh/proto/agents";
import { type ContentBytes, DONE, decodeContent, type Ending } from "@agentmesh/proto/wire";
import type { CallDelivery, Delivery, EventDelivery } from "../../delivery/delivery.ts";
import type { Dispatcher } from "../../delivery/dispatcher.ts";
import type { Namespace } from "../../delivery/namespace.ts";
import { Worker, type WorkerSink } from "../../delivery/worker.ts";
import type { MeshEvent } from "../../model/event.ts";
import { Caller, type CallerSink } from "../../router/caller.ts";
import type { Router } from "../../router/router.ts";
import type { Channel } from "./channel.ts";
import { errorText, failureOf } from "./errors.ts";
import { writeEvent } from "./event-codec.ts";
import { Outbound } from "./outbound.ts";
import { EMPTY_PAYLOAD, readReply, writeReply, writeRequest } from "./payload-codec.ts";
import { Residents } from "./residents.ts";

export interface ClientOptions {
  readonly leaseMs: number;
  readonly sessionGraceMs: number;
  readonly outboxLimitBytes: number;
  /** Largest message that a client is sent, in bytes. */
  readonly maxMessageBytes: number;
  /** Deliveries in flight to one client. */
  readonly maxInFlight: number;
}

/** What a client needs from the rest of the host. */
export interface ClientPorts {
  readonly clock: Clock;
  readonly router: Router;
  readonly dispatcher: Dispatcher;
  /** Its channel is open, or takes more: what waits for it may leave. */
  ready(client: AutogenClient): void;
  /** Its stream broke. */
  suspended(client: AutogenClient, reason: Failure): void;
  /** It stays away: what it announced goes. */
  parked(client: AutogenClient): void;
  /** It is back: what it announced comes back. */
  restored(client: AutogenClient): void;
  /** It is forgotten. */
  ended(client: AutogenClient, reason: Failure): void;
}

type Phase =
  | { readonly kind: "awaited"; readonly grace: Timer }
  | { readonly kind: "open"; readonly channel: Channel; readonly canAnswer: boolean }
  | { readonly kind: "suspended"; readonly lease: Timer }
  | { readonly kind: "parked"; readonly grace: Timer }
  | { readonly kind: "ended" };

/** How a delivery ends that the host ends itself. */
interface Landing {
  readonly delivery: Delivery;
  readonly ending: Ending;
}

export class AutogenClient implements WorkerSink, CallerSink {
  readonly id: string;
  readonly namespace: Namespace;
  readonly worker: Worker;
  readonly caller: Caller;
  readonly residents: Residents;
  readonly #options: ClientOptions;
  readonly #ports: ClientPorts;
  readonly #outbound: Outbound<readonly EventDelivery[]>;
  /** Ids of its unsettled requests, as it knows them, by their numbers. */
  readonly #requests = new Map<number, string>();
  readonly #written = new WeakSet<MeshEvent>();
  #lastRequest = 0;
  #landing: Landing[] = [];
  #phase: Phase;

  constructor(id: string, namespace: Namespace, options: ClientOptions, ports: ClientPorts) {
    this.id = id;
    this.namespace = namespace;
    this.#options = options;
    this.#ports = ports;
    this.worker = new Worker(id, options.maxInFlight, this);
    this.caller = new Caller(namespace, this, this.worker);
    this.residents = new Residents(this.worker, ports.dispatcher);
    this.#outbound = new Outbound<readonly EventDelivery[]>(
      options.outboxLimitBytes,
      (deliveries) => this.#wrote(deliveries),
      () => this.#overflow(),
    );
    this.#phase = { kind: "awaited", grace: this.#graceTimer() };
  }

  /** How the client is. */
  get phase(): Phase["kind"] {
    return this.#phase.kind;
  }

  /** Whether it holds what it announced against others: it has a stream, or has not had one yet. */
  get isLive(): boolean {
    return this.#phase.kind === "open" || this.#phase.kind === "awaited";
  }

  get isFull(): boolean {
    return this.#outbound.isFull;
  }

  /** Continues on a stream: the newest one wins. */
  attach(channel: Channel): void {
    const phase = this.#phase;
    if (phase.kind === "open") phase.channel.close(failure("SESSION_SUPERSEDED"));
    this.#enter({ kind: "open", channel, canAnswer: true });
    this.worker.phase = "open";
    this.#outbound.attach(channel);
    if (phase.kind === "parked") this.#ports.restored(this);
    this.#ports.ready(this);
  }

  /** The stream takes more. */
  drained(channel: Channel): void {
    if (this.#phase.kind !== "open" || this.#phase.channel !== channel) return;
    this.#outbound.drained();
    this.#ports.ready(this);
  }

  /** The client writes no more: it still gets events and responses, but it can answer no request. */
  halfClosed(channel: Channel): void {
    if (this.#phase.kind !== "open" || this.#phase.channel !== channel) return;
    this.#phase = { ...this.#phase, canAnswer: false };
    for (const delivery of this.worker.inFlight.values())
      if (delivery.kind === "call") this.#land(delivery, this.#unanswerable());
  }

  /** The stream is gone. */
  lost(channel: Channel, reason: Failure): void {
    if (this.#phase.kind !== "open" || this.#phase.channel !== channel) return;
    this.#outbound.detach();
    this.#outbound.clear();
    const lease = this.#ports.clock.after(this.#options.leaseMs, () => this.park());
    this.#enter({ kind: "suspended", lease });
    this.worker.phase = "held";
    this.#loseAgents(reason);
    this.#ports.suspended(this, reason);
  }

  /** The client stays away, or another one wants what it has announced. */
  park(): void {
    if (this.#phase.kind !== "suspended") return;
    this.#enter({ kind: "parked", grace: this.#graceTimer() });
    this.worker.phase = "lapsed";
    this.#ports.router.callerGone(this.caller);
    this.#outbound.clear();
    this.#ports.parked(this);
  }

  /** Ends its stream over what it did; it may come back. */
  fail(reason: Failure): void {
    if (this.#phase.kind !== "open") return;
    const { channel } = this.#phase;
    this.lost(channel, reason);
    channel.close(reason);
  }

  /** Ends the client; it is told why when it has a stream. Idempotent. */
  end(reason: Failure): void {
    if (this.#phase.kind === "ended") return;
    const channel = this.#phase.kind === "open" ? this.#phase.channel : undefined;
    this.#enter({ kind: "ended" });
    this.#outbound.detach();
    this.#outbound.clear();
    this.worker.phase = "gone";
    this.#ports.router.callerGone(this.caller);
    this.#loseAgents(reason);
    this.#ports.ended(this, reason);
    channel?.close(reason);
  }

  /** Writes an event that is no delivery; not one that the client could not take. */
  write(event: CloudEvent): void {
    const bytes = encode({ $case: "cloudEvent", value: event });
    if (bytes.length <= this.#options.maxMessageBytes) this.#outbound.send(bytes, NO_EVENTS);
  }

  /** A number for a request of the client that has this id. */
  numberFor(requestId: string): number {
    this.#lastRequest++;
    this.#requests.set(this.#lastRequest, requestId);
    return this.#lastRequest;
  }

  /** The client has answered a request. One that nobody waits for any more, or never did, is passed over. */
  respond(response: RpcResponse): void {
    const call = this.#callOf(response.requestId);
    if (call === undefined) return;
    const { payload, error, metadata } = response;
    if (error !== "" || payload === undefined) {
      this.#endTurn(call, { kind: "failed", failure: failureOf(response) });
      return;
    }
    const content = readReply(payload, metadata);
    if (call.stream === undefined) this.#endTurn(call, { kind: "reply", content });
    else {
      const { number: delivery, activation } = call;
      this.#ports.router.replyChunk(this.worker, {
        kind: "reply-chunk",
        delivery,
        activation,
        content,
      });
      this.#endTurn(call, DONE);
    }
  }

  deliver(call: CallDelivery): void {
    this.residents.touch(call.agent);
    if (this.#phase.kind !== "open" || !this.#phase.canAnswer) {
      this.#land(call, this.#unanswerable());
      return;
    }
    const request = writeRequest(call.agent.id, call.sender, call.content);
    const value = { requestId: `${call.number}.${call.id}`, ...request };
    const bytes = encode({ $case: "request", value });
    if (bytes.length <= this.#options.maxMessageBytes) this.#outbound.send(bytes, NO_EVENTS);
    else this.#land(call, { kind: "failed", failure: this.#tooLarge(bytes) });
  }

  deliverEvent(deliveries: readonly EventDelivery[]): void {
    for (const { agent } of deliveries) this.residents.touch(agent);
    const [first] = deliveries;
    if (first === undefined) return;
    const { event } = first;
    if (this.#written.has(event)) {
      this.#wrote(deliveries);
      return;
    }
    const bytes = encode({ $case: "cloudEvent", value: writeEvent(event) });
    if (bytes.length <= this.#options.maxMessageBytes) {
      this.#written.add(event);
      this.#outbound.send(bytes, deliveries);
    } else {
      const ending: Ending = { kind: "failed", failure: this.#tooLarge(bytes) };
      for (const delivery of deliveries) this.#land(delivery, ending);
    }
  }

  cancelDelivery(number: number): void {
    // The worker cannot be told. It is over for the host; what the worker answers is late.
    const delivery = this.worker.inFlight.get(number);
    if (delivery !== undefined) this.#land(delivery, DONE);
  }

  grantStream(): void {
    // A stream of one reply needs no credit.
  }

  deactivate(): void {
    // These workers keep their agents.
  }

  result(request: number, ending: Ending): void {
    const requestId = this.#requests.get(request);
    this.#requests.delete(request);
    if (requestId === undefined || this.#phase.kind === "ended" || this.#phase.kind === "parked")
      return;
    this.#respondTo(requestId, ending);
  }

  chunk(_request: number, _content: ContentBytes): void {
    // Its requests ask for one reply.
  }

  #respondTo(requestId: string, ending: Ending): void {
    const bytes = encode({ $case: "response", value: responseOf(requestId, ending) });
    if (bytes.length <= this.#options.maxMessageBytes) {
      this.#outbound.send(bytes, NO_EVENTS);
      return;
    }
    const refusal = { kind: "failed", failure: this.#tooLarge(bytes) } as const;
    const told = responseOf(requestId, refusal);
    this.#outbound.send(encode({ $case: "response", value: told }), NO_EVENTS);
  }

  #callOf(requestId: string): CallDelivery | undefined {
    const [number = "", id = ""] = requestId.split(".");
    const delivery = this.worker.inFlight.get(Number(number));
    return delivery?.kind === "call" && String(delivery.id) === id ? delivery : undefined;
  }

  #wrote(deliveries: readonly EventDelivery[]): void {
    for (const delivery of deliveries) this.#land(delivery, DONE);
  }

  /** Ends a delivery after what is going on: whoever ships looks at it until then. */
  #land(delivery: Delivery, ending: Ending): void {
    this.#landing.push({ delivery, ending });
    if (this.#landing.length === 1) queueMicrotask(() => this.#landAll());
  }

  #landAll(): void {
    const landing = this.#landing;
    this.#landing = [];
    for (const { delivery, ending } of landing) {
      if (this.worker.inFlight.get(delivery.number) === delivery) this.#endTurn(delivery, ending);
    }
  }

  #endTurn({ number: delivery, activation }: Delivery, ending: Ending): void {
    this.#ports.router.turnEnd(this.worker, this.namespace, {
      kind: "turn-end",
      delivery,
      activation,
      ending,
      permanent: false,
      publishes: [],
      state: false,
    });
  }

  #loseAgents(reason: Failure): void {
    this.residents.clear();
    const text = `AutoGen client ${this.id} was lost: ${reason.text}`;
    this.#ports.dispatcher.workerLost(this.worker, failure("WORKER_LOST", text));
  }

  #unanswerable(): Ending {
    const text = `AutoGen client ${this.id} has ended its half of the stream and cannot answer`;
    return { kind: "failed", failure: failure("WORKER_LOST", text) };
  }

  #tooLarge(bytes: Buffer): Failure {
    const { maxMessageBytes } = this.#options;
    const text = `${bytes.length} bytes as a message of AutoGen; the most is ${maxMessageBytes}`;
    return failure("PAYLOAD_TOO_LARGE", text);
  }

  #overflow(): void {
    // Whoever fills the queue goes on with it until then.
    queueMicrotask(() => this.fail(failure("SLOW_CONSUMER")));
  }

  #graceTimer(): Timer {
    const reason = failure("CLOSED", "it did not come back in time");
    return this.#ports.clock.after(this.#options.sessionGraceMs, () => this.end(reason));
  }

  #enter(next: Phase): void {
    const phase = this.#phase;
    if (phase.kind === "awaited" || phase.kind === "parked") phase.grace.cancel();
    else if (phase.kind === "suspended") phase.lease.cancel();
    this.#phase = next;
  }
}

const NO_EVENTS: readonly EventDelivery[] = [];

function encode(message: NonNullable<Message["message"]>): Buffer {
  return Buffer.from(Message.encode({ message }).finish());
}

function responseOf(requestId: string, ending: Ending): RpcResponse {
  switch (ending.kind) {
    case "failed":
      return { requestId, payload: undefined, error: errorText(ending.failure), metadata: {} };
    case "done":
      return { requestId, payload: EMPTY_PAYLOAD, error: "", metadata: {} };
    case "reply":
      return { requestId, error: "", ...writeReply(decodeContent(ending.content)) };
  }
}
