/**
 * Joins the stream of the moment, the session over many streams, and the runtime.
 *
 * J1. `#session` is where frames go; it stays, also while it is broken, until the next one begins.
 * J2. Work without ancestors leaves while `#holds` is empty.
 * J3. A new session begins for the runtime only after the earlier one is closed, so that it knows what had left.
 * J4. What earlier sessions have left behind ends no worker: what a host does not take of it is not told any more.
 */
import {
  type Clock,
  DEFAULTS,
  type ErrorCode,
  errorCodeOf,
  type Failure,
  type FailureHints,
  failure,
  MeshError,
  PROTOCOL_VERSION,
} from "@agentmesh/proto";
import type { Hello, Welcome } from "@agentmesh/proto/agentmesh/v1";
import {
  fromErrorMessage,
  type HostControl,
  type HostFrame,
  type WorkerControl,
  type WorkerFrame,
} from "@agentmesh/proto/wire";
import type { Address, Route } from "./addresses.ts";
import { toActivation, toAgentTypes, toSubscription } from "./announcement.ts";
import type { Backoff } from "./backoff.ts";
import { listenTo } from "./caller-signal.ts";
import type { Access, HostStream } from "./dial.ts";
import type { Announcement, Downlink, MeshLimits } from "./mesh-port.ts";
import { Questions } from "./questions.ts";
import { Session, type SessionPorts } from "./session.ts";
import { Supervisor, type SupervisorPorts } from "./supervisor.ts";

/** Who a worker is. */
export type WorkerIdentity = Pick<
  Hello,
  "namespace" | "name" | "instanceId" | "labels" | "maxInFlight" | "sdkName" | "sdkVersion"
>;

export interface ConnectionOptions {
  readonly clock: Clock;
  readonly route: Route;
  readonly backoff: Backoff;
  readonly access: Access;
  readonly identity: WorkerIdentity;
  /** Milliseconds for a host to welcome a stream. */
  readonly handshakeMs: number;
}

/** Why work without ancestors is held back. */
type Hold = "no-session" | "host-draining" | "outbox-full";

/** Who waits for the first welcome. */
interface Opening {
  readonly resolve: () => void;
  readonly reject: (error: MeshError) => void;
}

const NO_FRAME_LEFT = 0;
/** A host that receives less than the one before; somebody else has changed a durable subscription. */
const CONCEDED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "PAYLOAD_TOO_LARGE",
  "SUBSCRIPTION_CONFLICT",
]);
const NOT_JOINED: FailureHints = { outcome: "not-executed", retryable: true };

export class Connection implements SessionPorts, SupervisorPorts {
  readonly clock: Clock;
  readonly questions = new Questions();
  readonly #options: ConnectionOptions;
  readonly #downlink: Downlink;
  readonly #supervisor: Supervisor;
  readonly #holds = new Set<Hold>(["no-session"]);
  /** Why hosts have refused what earlier sessions left behind, since the last welcome. */
  readonly #refusals = new Set<ErrorCode>();
  #session: Session | undefined;
  #opening: Opening | undefined;
  #lastReason = "";

  constructor(options: ConnectionOptions, downlink: Downlink) {
    this.clock = options.clock;
    this.#options = options;
    this.#downlink = downlink;
    this.#supervisor = new Supervisor(options, this);
  }

  /**
   * Connects for the first time.
   * @throws MeshError when a host refuses for good, or none welcomes the worker within `limitMs` or before `signal` fires.
   */
  async open(limitMs: number, signal: AbortSignal | undefined): Promise<void> {
    const cancel = (): void => {
      const cause: unknown = signal?.reason;
      this.#opening?.reject(new MeshError(failure("CANCELLED", undefined, NOT_JOINED), { cause }));
    };
    const limit = this.clock.after(limitMs, () => {
      const reason = this.#lastReason || `${this.#options.route.latest} has not answered`;
      const text = `no host welcomed this worker within ${limitMs} ms; ${reason}`;
      this.#opening?.reject(new MeshError(failure("CONNECTION_LOST", text, NOT_JOINED)));
    });
    try {
      await new Promise<void>((resolve, reject) => {
        this.#opening = { resolve, reject };
        if (signal !== undefined) listenTo(signal, cancel);
        if (signal?.aborted === true) cancel();
        else this.#supervisor.start();
      });
    } catch (error) {
      await this.close();
      throw error;
    } finally {
      limit.cancel();
      signal?.removeEventListener("abort", cancel);
      this.#opening = undefined;
    }
  }

  /** Until when the mesh leaves this worker its agents, on the clock, if nothing more is heard. */
  get contactUntil(): number {
    return this.#session?.contactUntil ?? Number.POSITIVE_INFINITY;
  }

  /** Sends a frame in the session of the moment. @returns its place there. */
  send(frame: WorkerFrame): number {
    return this.#session?.send(frame) ?? NO_FRAME_LEFT;
  }

  /** Sends a control frame in the session of the moment. */
  control(control: WorkerControl): void {
    this.#session?.control(control);
  }

  /** Says goodbye and ends. Idempotent. */
  async close(): Promise<void> {
    this.#session?.leave();
    this.questions.close(failure("CLOSED"));
    await this.#supervisor.close();
  }

  hello(): { readonly hello: Hello; readonly receivedThrough: number } {
    const { types, subscriptions, activations } = this.#announcement();
    const hello: Hello = {
      ...this.#options.identity,
      versionMin: PROTOCOL_VERSION.min,
      versionMax: PROTOCOL_VERSION.max,
      features: [],
      resume: true,
      resumeToken: this.#session?.resumeToken ?? "",
      agentTypes: toAgentTypes(types),
      subscriptions: subscriptions.map(toSubscription),
      activations: activations.map(toActivation),
    };
    return { hello, receivedThrough: this.#session?.receivedThrough ?? 0 };
  }

  longestWaitMs(): number {
    return this.#session?.longestWaitMs ?? Number.POSITIVE_INFINITY;
  }

  welcomed(stream: HostStream, welcome: Welcome, receivedThrough: number): boolean {
    this.#refusals.clear();
    // First, so that nothing is sent again that is too large for this host.
    this.#downlink.limits(limitsOf(welcome));
    const goesOn = welcome.resumed
      ? this.#resume(stream, welcome, receivedThrough)
      : this.#begin(stream, welcome, receivedThrough);
    if (!goesOn) return false;
    this.#options.route.name(welcome.alternateAddresses);
    this.#downlink.status({
      kind: "connected",
      hostId: welcome.hostId,
      address: stream.address,
      resumed: welcome.resumed,
    });
    this.#release("host-draining");
    this.#release("no-session");
    this.#opening?.resolve();
    return true;
  }

  batch(bytes: Buffer): void {
    this.#session?.receive(bytes);
  }

  drained(): void {
    this.#session?.drained();
  }

  streamEnded(reason: Failure): void {
    this.#lastReason = reasonText(reason);
    this.#downlink.status({ kind: "suspended", reason: this.#lastReason });
    this.#session?.streamEnded();
    if (this.#session?.phase === "closed") this.#hold("no-session");
  }

  attemptFailed(reason: Failure, address: Address): void {
    this.#lastReason = `${address}: ${reasonText(reason)}`;
    if (this.#session === undefined) {
      this.#downlink.status({ kind: "connecting", reason: this.#lastReason });
    }
  }

  concedes({ code }: Failure): boolean {
    if (this.#session === undefined || this.#refusals.has(code)) return false;
    if (CONCEDED.has(code)) this.#refusals.add(code);
    return CONCEDED.has(code);
  }

  fatal(reason: Failure): void {
    if (this.#opening !== undefined) this.#opening.reject(new MeshError(reason));
    else this.#downlink.closed(reason);
  }

  room(hasRoom: boolean): void {
    if (hasRoom) this.#release("outbox-full");
    else this.#hold("outbox-full");
  }

  lapsed(): void {
    this.#hold("no-session");
    this.#downlink.lapsed();
    this.#downlink.status({ kind: "lapsed", reason: this.#lastReason });
  }

  replayed(): void {
    this.#downlink.replayed();
  }

  take(frame: HostFrame): void {
    switch (frame.kind) {
      case "deliver":
        return this.#downlink.deliver(frame);
      case "event":
        return this.#downlink.event(frame);
      case "result":
        return this.#downlink.result(frame);
      case "accepted":
        return this.#downlink.accepted(frame);
      case "chunk":
        return this.#downlink.chunk(frame);
      case "stream-credit":
        return this.#downlink.streamCredit(frame);
      case "cancel-delivery":
        return this.#downlink.cancelDelivery(frame.delivery, errorCodeOf(frame.reason));
      case "control":
        return this.#takeControl(frame.control);
    }
  }

  /** What a host is told, without what was refused: agents are placed anew, and a durable subscription is there. */
  #announcement(): Announcement {
    const announced = this.#downlink.announce();
    const { types, subscriptions, activations } = announced;
    if (this.#refusals.size === 0) return announced;
    const isConflict = this.#refusals.has("SUBSCRIPTION_CONFLICT");
    return {
      types,
      subscriptions: subscriptions.filter(({ durable }) => durable === undefined || !isConflict),
      activations: this.#refusals.has("PAYLOAD_TOO_LARGE") ? [] : activations,
    };
  }

  #takeControl(control: HostControl): void {
    switch (control.$case) {
      case "answer": {
        const { request, error } = control.value;
        const reason = error === undefined ? undefined : fromErrorMessage(error);
        return this.questions.answered(request, reason);
      }
      case "refused": {
        const { sequence, error } = control.value;
        const reason = error === undefined ? failure("INTERNAL") : fromErrorMessage(error);
        return this.#downlink.refused(sequence, reason);
      }
      case "deactivate":
        return this.#downlink.deactivate(control.value.activations);
      case "drain":
        this.#options.route.recommend(control.value.address);
        return this.#hold("host-draining");
      case "windows":
        return this.#downlink.windows(
          control.value.requestWindow,
          control.value.requestWindowBytes,
        );
      default:
        // What this worker did not ask for, or does not know.
        return;
    }
  }

  #resume(stream: HostStream, welcome: Welcome, receivedThrough: number): boolean {
    const session = this.#session;
    if (session === undefined || session.phase === "closed") return false;
    if (!session.attach(stream, welcome, receivedThrough)) {
      session.close();
      return false;
    }
    this.#downlink.resumed(welcome.lapsedThrough, session.isReplaying);
    return true;
  }

  #begin(stream: HostStream, welcome: Welcome, receivedThrough: number): boolean {
    const earlier = this.#session;
    earlier?.close();
    const session = new Session(this, welcome);
    if (!session.attach(stream, welcome, receivedThrough)) return false;
    this.#session = session;
    this.#holds.delete("outbox-full");
    this.questions.askAgain((control) => this.control(control));
    if (earlier !== undefined) {
      this.#downlink.renewed({ adopted: welcome.adopted, leftThrough: earlier.leftThrough });
    }
    return true;
  }

  #hold(hold: Hold): void {
    this.#holds.add(hold);
    this.#downlink.flow(false);
  }

  #release(hold: Hold): void {
    this.#holds.delete(hold);
    if (this.#holds.size === 0) this.#downlink.flow(true);
  }
}

function limitsOf(welcome: Welcome): MeshLimits {
  return {
    maxPayloadBytes: welcome.maxPayloadBytes || DEFAULTS.maxPayloadBytes,
    requestWindow: welcome.requestWindow || DEFAULTS.requestWindow,
    requestWindowBytes: welcome.requestWindowBytes || DEFAULTS.requestWindowBytes,
    timeoutMs: welcome.defaultTimeoutMs || DEFAULTS.timeoutMs,
  };
}

function reasonText(reason: Failure): string {
  return `${reason.code}: ${reason.text}`;
}
