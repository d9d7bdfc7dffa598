/**
 * A runtime without its face: agents, calls and publishes between two ports. It neither knows nor cares whether a mesh
 * or the memory of this process is behind the uplink.
 */

import {
  type Clock,
  DEFAULTS,
  Deadlines,
  type ErrorCode,
  type Failure,
  failure,
  LIMITS,
  MeshError,
} from "@agentmesh/proto";
import { NumberMap } from "@agentmesh/proto/link";
import type {
  AcceptedFrame,
  ChunkFrame,
  DeliverFrame,
  EventFrame,
  ResultFrame,
  StreamCreditFrame,
} from "@agentmesh/proto/wire";
import type {
  Announcement,
  Downlink,
  LiveActivation,
  MeshLimits,
  Renewal,
  Uplink,
} from "../connection/mesh-port.ts";
import { Activations } from "./activations.ts";
import { Calls } from "./calls.ts";
import { Publisher } from "./publisher.ts";
import { Registrations } from "./registrations.ts";
import { RequestWindow } from "./request-window.ts";
import { type RuntimeStatus, StatusFeed } from "./status.ts";
import { stopped } from "./turn.ts";
import type { Workplace } from "./workplace.ts";

export interface CoreOptions {
  readonly clock: Clock;
  /** Milliseconds after which a turn is told to stop, where its agent type does not say. */
  readonly maxTurnMs: number;
  /** Milliseconds that a turn then has before it is abandoned, and a hook before it is not waited for. */
  readonly turnGraceMs: number;
}

/** Bytes of activations that are offered to a host that does not know this runtime; the others end. */
const OFFER_BYTES = 2 * 1024 * 1024;
/** The share of activations in what a host receives above the largest content: types and schemas need their room. */
const OFFER_SHARE = 1 / 4;
const OFFER_OVERHEAD_BYTES = 24;

const FIRST_LIMITS: MeshLimits = {
  maxPayloadBytes: DEFAULTS.maxPayloadBytes,
  requestWindow: DEFAULTS.requestWindow,
  requestWindowBytes: DEFAULTS.requestWindowBytes,
  timeoutMs: DEFAULTS.timeoutMs,
};

export class RuntimeCore<Way extends Uplink = Uplink> implements Downlink {
  readonly uplink: Way;
  readonly workplace: Workplace;
  readonly calls: Calls;
  readonly publisher: Publisher;
  readonly activations: Activations;
  readonly registrations: Registrations;
  readonly statusFeed: StatusFeed;
  readonly #window = new RequestWindow();
  #onCutOff: (() => void) | undefined = undefined;
  #isLapsed = false;
  #isReplaying = false;
  /** Called when the mesh is gone for good. */
  onClosed: ((reason: Failure) => void) | undefined = undefined;

  constructor(options: CoreOptions, connect: (downlink: Downlink) => Way) {
    this.statusFeed = new StatusFeed({ kind: "connecting", reason: undefined });
    const { clock } = options;
    const deadlines = new Deadlines(clock);
    const uplink = connect(this);
    this.uplink = uplink;
    const limits = FIRST_LIMITS;
    this.calls = new Calls({ deadlines, uplink, window: this.#window }, limits);
    this.publisher = new Publisher({ deadlines, uplink, window: this.#window }, limits);
    this.registrations = new Registrations(clock, uplink, options.maxTurnMs);
    this.workplace = {
      clock,
      deadlines,
      uplink,
      calls: this.calls,
      publisher: this.publisher,
      counters: {
        deliveries: 0,
        failedTurns: 0,
        unhandledEvents: 0,
        droppedMessages: 0,
        failedDeactivations: 0,
      },
      turns: new NumberMap(),
      maxTurnMs: options.maxTurnMs,
      turnGraceMs: options.turnGraceMs,
      maxPayloadBytes: limits.maxPayloadBytes,
      isPaused: false,
      onQuiet: undefined,
    };
    this.activations = new Activations(this.workplace, this.registrations.employments);
    this.limits(limits);
  }

  deliver(frame: DeliverFrame): void {
    this.activations.deliver(frame);
  }

  event(frame: EventFrame): void {
    this.activations.event(frame);
  }

  result(frame: ResultFrame): void {
    this.calls.result(frame);
  }

  accepted(frame: AcceptedFrame): void {
    this.publisher.accepted(frame);
  }

  refused(sequence: number, reason: Failure): void {
    this.publisher.refused(sequence, reason);
  }

  chunk(frame: ChunkFrame): void {
    this.calls.chunk(frame);
  }

  streamCredit(frame: StreamCreditFrame): void {
    this.workplace.turns.get(frame.stream)?.grant(frame.chunks, frame.bytes);
  }

  cancelDelivery(delivery: number, reason: ErrorCode): void {
    this.activations.cancel(delivery, reason);
  }

  deactivate(activations: readonly number[]): void {
    this.activations.deactivate(activations);
  }

  limits(limits: MeshLimits): void {
    this.workplace.maxPayloadBytes = limits.maxPayloadBytes;
    this.calls.resize(limits);
    this.publisher.resize(limits);
    this.#window.resize(limits.requestWindow, limits.requestWindowBytes);
  }

  windows(requestWindow: number, requestWindowBytes: number): void {
    this.#window.resize(requestWindow, requestWindowBytes);
  }

  flow(isOpen: boolean): void {
    this.#window.open(isOpen);
  }

  announce(): Announcement {
    const activations = this.#isLapsed ? [] : this.#offer();
    return { ...this.registrations.announce(), activations };
  }

  lapsed(): void {
    this.#isLapsed = true;
    this.#pause();
    this.#onCutOff?.();
    this.activations.stopAll(
      stopped("WORKER_LOST", "there was no contact to the host for too long"),
    );
  }

  resumed(lapsedThrough: number, isReplaying: boolean): void {
    this.activations.dropThrough(lapsedThrough, stopped("WORKER_LOST"));
    this.#isLapsed = false;
    this.#isReplaying = isReplaying;
    this.#pause();
  }

  replayed(): void {
    this.#isReplaying = false;
    this.#pause();
  }

  renewed(start: Renewal): void {
    const reason = stopped("WORKER_LOST", "the host does not know the session any more");
    const adopted = new Set(start.adopted);
    // Calls first: they are settled by what happened to them, not because their turn is told to stop.
    const isAlive = (activation: number): boolean => adopted.has(activation);
    this.publisher.renewed(start, isAlive);
    this.calls.renewed(start, isAlive);
    this.activations.loseDeliveries(reason);
    this.activations.drop((number) => !adopted.has(number), reason);
    this.#isLapsed = false;
    this.#isReplaying = false;
    this.#pause();
  }

  status(status: RuntimeStatus): void {
    this.statusFeed.set(status);
  }

  closed(reason: Failure): void {
    this.onClosed?.(reason);
  }

  /** Resolves when no delivery waits or runs, and nothing that was sent or published waits for its answer. */
  quiet(): Promise<void> {
    const { workplace, calls, publisher } = this;
    return new Promise((resolve) => {
      const look = (): void => {
        if (workplace.turns.size + calls.size + publisher.size === 0) resolve();
      };
      workplace.onQuiet = look;
      calls.onQuiet = look;
      publisher.onQuiet = look;
      look();
    });
  }

  /** Resolves when the mesh may have given the agents to others, for want of contact. */
  cutOff(): Promise<void> {
    if (this.#isLapsed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onCutOff = resolve;
    });
  }

  /** Ends everything that runs or waits. @returns when the agents' last acts are over. */
  async close(reason: Failure): Promise<void> {
    this.calls.close(reason);
    this.publisher.close(reason);
    this.registrations.close();
    await this.activations.close(new MeshError(reason));
  }

  /** Starts turns or not, and those that have waited for it. */
  #pause(): void {
    const isPaused = this.#isLapsed || this.#isReplaying;
    if (this.workplace.isPaused === isPaused) return;
    this.workplace.isPaused = isPaused;
    if (!isPaused) this.activations.proceed();
  }

  /** As many as fit into one message, as far as is known from the host of before. */
  #offer(): LiveActivation[] {
    const hostBytes = this.workplace.maxPayloadBytes + LIMITS.frameOverheadBytes * OFFER_SHARE;
    const mostBytes = Math.min(OFFER_BYTES, hostBytes);
    const offered: LiveActivation[] = [];
    let bytes = 0;
    for (const live of this.activations.live()) {
      bytes += OFFER_OVERHEAD_BYTES + Buffer.byteLength(live.type) + Buffer.byteLength(live.key);
      if (bytes > mostBytes) break;
      offered.push(live);
    }
    return offered;
  }
}

/** Why a runtime that was closed does nothing more. */
export const CLOSED: Failure = failure("CLOSED");
