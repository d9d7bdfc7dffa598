/**
 * The mesh of a single process: takes what one runtime sends and hands it back as a host would.
 *
 * M1. Nothing is delivered from within a call of the runtime: frames wait for the next turn of the event loop, and are
 *     routed in the order in which they were sent.
 * M2. The process stays alive while a message is on its way, waits or is handled: what ends it are timers that keep no
 *     process alive themselves.
 */
import { type Clock, DEFAULTS, meshError, quote } from "@agentmesh/proto";
import { Fifo } from "@agentmesh/proto/link";
import type { PublishFrame, ReplyChunkFrame, SendFrame, TurnEndFrame } from "@agentmesh/proto/wire";
import type {
  AnnouncedSubscription,
  AnnouncedType,
  Downlink,
  Uplink,
} from "../../connection/mesh-port.ts";
import type { LocalDeadLetter } from "./dead-letters.ts";
import { type LocalFrame, LocalRouter } from "./local-router.ts";

const NOTHING_KEPT =
  "a local runtime keeps nothing: durable subscriptions need a host with a data folder";

/** Milliseconds between two looks of a timer that is there to be waited for. */
const LIFELINE_MS = 60_000;

export class LocalMesh implements Uplink {
  readonly contactUntil = Number.POSITIVE_INFINITY;
  readonly #downlink: Downlink;
  readonly #router: LocalRouter;
  readonly #queue = new Fifo<LocalFrame>();
  /** Holds the process while it is referenced: as long as the router is not quiet. */
  readonly #lifeline = setInterval(nothing, LIFELINE_MS).unref();
  #isHeld = false;
  #isScheduled = false;
  #place = 0;
  #quietWaiters: (() => void)[] = [];

  constructor(clock: Clock, downlink: Downlink) {
    this.#downlink = downlink;
    this.#router = new LocalRouter(clock, downlink);
  }

  /** Lets the runtime begin. */
  open(): void {
    this.#downlink.limits({
      maxPayloadBytes: DEFAULTS.maxPayloadBytes,
      requestWindow: DEFAULTS.requestWindow,
      requestWindowBytes: DEFAULTS.requestWindowBytes,
      timeoutMs: DEFAULTS.timeoutMs,
    });
    this.#downlink.status({ kind: "connected", hostId: "local", address: "local", resumed: false });
    this.#downlink.flow(true);
  }

  /** What could not be handled, oldest first. */
  deadLetters(): LocalDeadLetter[] {
    return this.#router.deadLetters.list();
  }

  /** Resolves when no message is on its way, waits or is handled. */
  quiet(): Promise<void> {
    return new Promise((resolve) => {
      this.#quietWaiters.push(resolve);
      this.#schedule();
    });
  }

  send(frame: SendFrame): number {
    return this.#post(frame);
  }

  publish(frame: PublishFrame): number {
    return this.#post(frame);
  }

  turnEnd(frame: TurnEndFrame): void {
    this.#post(frame);
  }

  done(_activation: number, delivery: number): void {
    this.#post({ kind: "done", delivery });
  }

  replyChunk(frame: ReplyChunkFrame): void {
    this.#post(frame);
  }

  streamCredit(stream: number, chunks: number, bytes: number): void {
    this.#post({ kind: "stream-credit", stream, chunks, bytes });
  }

  cancel(request: number): void {
    this.#post({ kind: "cancel", request });
  }

  idle(activations: readonly number[]): void {
    this.#post({ kind: "idle", activations });
  }

  release(deliveries: readonly number[]): void {
    this.#post({ kind: "release", deliveries });
  }

  async register(type: AnnouncedType): Promise<void> {
    this.#router.agents.types.add(type.name);
  }

  /** Its agents end as soon as they have nothing to do. */
  async unregister(name: string): Promise<void> {
    this.#router.agents.types.delete(name);
    this.idle(this.#router.agents.numbersOf(name));
  }

  async subscribe(subscription: AnnouncedSubscription): Promise<void> {
    if (subscription.durable !== undefined) throw meshError("UNIMPLEMENTED", NOTHING_KEPT);
    this.#router.agents.subscriptions.set(subscription.id, subscription);
  }

  async unsubscribe(id: string): Promise<void> {
    this.#router.agents.subscriptions.delete(id);
  }

  async endDurable(name: string): Promise<void> {
    throw meshError("SUBSCRIPTION_UNKNOWN", `there is no durable subscription ${quote(name)}`);
  }

  drain(): Promise<void> {
    return this.quiet();
  }

  async close(): Promise<void> {
    this.#queue.drain();
    this.#router.close();
    clearInterval(this.#lifeline);
    // Nothing is on its way any more: who waits for that is told so.
    this.#schedule();
  }

  #post(frame: LocalFrame): number {
    this.#queue.push(frame);
    this.#schedule();
    this.#place++;
    return this.#place;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#pump);
  }

  readonly #pump = (): void => {
    this.#isScheduled = false;
    // What the runtime sends meanwhile waits for the next turn, so that timers and sockets get theirs.
    for (let count = this.#queue.length; count > 0; count--) {
      const frame = this.#queue.shift();
      if (frame === undefined) break;
      this.#router.route(frame);
    }
    if (this.#router.isQuiet === this.#isHeld) this.#hold(!this.#isHeld);
    if (this.#queue.length > 0) this.#schedule();
    else if (this.#quietWaiters.length > 0 && this.#router.isQuiet) setImmediate(this.#tellQuiet);
  };

  #hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    if (isHeld) this.#lifeline.ref();
    else this.#lifeline.unref();
  }

  /** A turn of the event loop after the last frame: what was settled by it has had its say. */
  readonly #tellQuiet = (): void => {
    if (this.#queue.length > 0 || !this.#router.isQuiet) return;
    const waiters = this.#quietWaiters;
    this.#quietWaiters = [];
    for (const resolve of waiters) resolve();
  };
}

function nothing(): void {
  // The timer is there to be waited for.
}
