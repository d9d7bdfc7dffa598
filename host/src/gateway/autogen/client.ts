/**
 * One worker of AutoGen, as its `client-id` names it: a session whose streams may come and go.
 *
 * Phases: `awaited` (it has announced something and not opened its channel) → `open` → `suspended` (its stream broke; what
 * is for its agents waits for the lease) → `parked` (nothing of it is announced any more, but it is remembered for the
 * grace) → `ended`. A new stream leads to `open` from everywhere but the last.
 *
 * 1. Each phase owns its timers and its stream; `#enter` stops those of the phase that it leaves.
 * 2. What was on its way when a stream broke is not repeated: calls fail, events go to whoever is there after the lease.
 */
import { type Clock, type Failure, failure, type Timer } from "@agentmesh/proto";
import type { Dispatcher } from "../../delivery/dispatcher.ts";
import type { Namespace } from "../../delivery/namespace.ts";
import type { Worker } from "../../delivery/worker.ts";
import { Caller } from "../../router/caller.ts";
import type { Router } from "../../router/router.ts";
import type { WorkerIdentity, WorkerSession } from "../worker-session.ts";
import type { Channel } from "./channel.ts";
import { type AskState, Deliveries } from "./deliveries.ts";
import { Outbox } from "./outbox.ts";
import { Pulse } from "./pulse.ts";
import { Replies } from "./replies.ts";

export interface ClientOptions {
  readonly leaseMs: number;
  readonly sessionGraceMs: number;
  readonly heartbeatMs: number;
  readonly livenessMs: number;
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
  /** Asks it about the state of one of its agents. */
  askState(client: AutogenClient, ...question: Parameters<AskState>): ReturnType<AskState>;
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
  | { readonly kind: "open"; readonly channel: Channel; readonly pulse: Pulse }
  | { readonly kind: "suspended"; readonly lease: Timer }
  | { readonly kind: "parked"; readonly grace: Timer }
  | { readonly kind: "ended" };

/** How a client in each phase is as a session. */
const AS_SESSION: Readonly<Record<Phase["kind"], WorkerSession["phase"]>> = {
  awaited: "suspended",
  open: "open",
  suspended: "suspended",
  parked: "lapsed",
  ended: "ended",
};

export class AutogenClient implements WorkerSession {
  readonly protocol = "agents.AgentRpc";
  readonly id: string;
  readonly identity: WorkerIdentity;
  readonly namespace: Namespace;
  readonly deliveries: Deliveries;
  readonly replies: Replies;
  readonly caller: Caller;
  /** Whether it has a control channel: then it is not forgotten. */
  hasControl = false;
  readonly #options: ClientOptions;
  readonly #ports: ClientPorts;
  readonly #outbox: Outbox;
  #phase: Phase;
  #peer = "";

  constructor(id: string, namespace: Namespace, options: ClientOptions, ports: ClientPorts) {
    this.id = id;
    this.identity = {
      sessionId: id,
      instanceId: id,
      name: "AutoGen",
      sdk: "AutoGen",
      labels: {},
      openedUnixMs: ports.clock.unixMs(),
    };
    this.namespace = namespace;
    this.#options = options;
    this.#ports = ports;
    const outbox = new Outbox({
      ...options,
      onWritten: (deliveries) => this.deliveries.wrote(deliveries),
      // Whoever fills it goes on with it until then.
      onOverflow: () => queueMicrotask(() => this.fail(failure("SLOW_CONSUMER"))),
    });
    this.#outbox = outbox;
    this.deliveries = new Deliveries({
      ...options,
      ...ports,
      session: this,
      outbox,
      askState: (...question) => ports.askState(this, ...question),
    });
    this.replies = new Replies(outbox);
    this.caller = new Caller(namespace, this.replies, this.deliveries.worker);
    this.#phase = { kind: "awaited", grace: this.#graceTimer() };
  }

  get worker(): Worker {
    return this.deliveries.worker;
  }

  get peer(): string {
    return this.#peer;
  }

  get phase(): WorkerSession["phase"] {
    return AS_SESSION[this.#phase.kind];
  }

  /** Whether it holds what it announced against others: it has a stream, or has not had one yet. */
  get isLive(): boolean {
    return this.#phase.kind === "open" || this.#phase.kind === "awaited";
  }

  /** Continues on a stream: the newest one wins. */
  attach(channel: Channel): void {
    const phase = this.#phase;
    if (phase.kind === "open") phase.channel.close(failure("SESSION_SUPERSEDED"));
    this.#enter({ kind: "open", channel, pulse: this.#pulseOf(channel) });
    this.#peer = channel.peer;
    this.deliveries.muteness = undefined;
    this.deliveries.worker.phase = "open";
    this.#outbox.attach(channel);
    if (phase.kind === "parked") this.#ports.restored(this);
    this.#ports.ready(this);
  }

  /** The stream takes more. */
  drained(channel: Channel): void {
    if (!this.#isOn(channel)) return;
    this.#outbox.drained();
    this.#ports.ready(this);
  }

  /** The client writes no more: it still gets events and responses, but it can answer no request. */
  halfClosed(channel: Channel): void {
    if (!this.#isOn(channel)) return;
    const text = `AutoGen client ${this.id} has ended its half of the stream and cannot answer`;
    this.deliveries.mute(failure("WORKER_LOST", text));
  }

  /** The stream is gone. */
  lost(channel: Channel, reason: Failure): void {
    if (!this.#isOn(channel)) return;
    const lease = this.#ports.clock.after(this.#options.leaseMs, () => this.park());
    this.#enter({ kind: "suspended", lease });
    this.deliveries.worker.phase = "held";
    this.#outbox.clear();
    this.deliveries.lose(reason);
    this.#ports.suspended(this, reason);
  }

  /** The client stays away, or another one wants what it has announced. */
  park(): void {
    if (this.#phase.kind !== "suspended") return;
    this.#enter({ kind: "parked", grace: this.#graceTimer() });
    this.deliveries.worker.phase = "lapsed";
    this.#ports.router.callerGone(this.caller);
    this.#outbox.clear();
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
    const phase = this.#phase;
    if (phase.kind === "ended") return;
    this.#enter({ kind: "ended" });
    this.deliveries.worker.phase = "gone";
    this.#ports.router.callerGone(this.caller);
    this.deliveries.lose(reason);
    this.#outbox.clear();
    this.#ports.ended(this, reason);
    if (phase.kind === "open") phase.channel.close(reason);
  }

  #isOn(channel: Channel): boolean {
    return this.#phase.kind === "open" && this.#phase.channel === channel;
  }

  #pulseOf(channel: Channel): Pulse {
    const { livenessMs } = this.#options;
    return new Pulse({
      ...this.#options,
      clock: this.#ports.clock,
      bytesRead: () => channel.bytesRead,
      onDead: () => this.fail(failure("CONNECTION_LOST", `no sign of life for ${livenessMs} ms`)),
    });
  }

  #graceTimer(): Timer {
    return this.#ports.clock.after(this.#options.sessionGraceMs, () => this.#outstay());
  }

  #outstay(): void {
    const { kind } = this.#phase;
    if (kind !== "awaited" && kind !== "parked") return;
    if (this.hasControl) this.#enter({ kind, grace: this.#graceTimer() });
    else this.end(failure("CLOSED", "it did not come in time"));
  }

  #enter(next: Phase): void {
    const phase = this.#phase;
    if (phase.kind === "awaited" || phase.kind === "parked") phase.grace.cancel();
    else if (phase.kind === "suspended") phase.lease.cancel();
    else if (phase.kind === "open") phase.pulse.stop();
    this.#phase = next;
  }
}
