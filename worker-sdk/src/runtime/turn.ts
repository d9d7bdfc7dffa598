/**
 * One delivery and its handling.
 *
 * Phases: `waiting` in a lane → `running` → `ended`. A turn whose delivery is lost, or whose activation is gone, is
 * `orphaned`: its handler runs to its end, and nobody is told of it.
 *
 * T1. The mesh is told the end exactly once, unless the turn is orphaned before: `#tell` is the one place.
 * T2. Work whose time is up does not start.
 * T3. One deadline at a time is armed, and only while a handler goes on after it has returned: what is left for the
 *     message, then `maxTurnMs`, then the grace after which the turn is abandoned.
 */
import {
  type AgentId,
  AppError,
  Deadline,
  type ErrorCode,
  type Failure,
  failure,
  MeshError,
  type TopicId,
} from "@agentmesh/proto";
import {
  type Content,
  type DeliverFrame,
  DONE,
  type EventFrame,
  type EventTarget,
  type Postponed,
  type TurnEndFrame,
} from "@agentmesh/proto/wire";
import type { PublishOptions, SendOptions, StreamOptions } from "../agent/context.ts";
import type { ElementStream } from "../connection/stream-reader.ts";
import type { AgentProgram, ProgramHandler } from "./agent-program.ts";
import type { Call, CallOrigin } from "./call.ts";
import { readIncoming } from "./incoming.ts";
import type { Lane } from "./lane.ts";
import type { OutgoingMessage, Speaker } from "./messaging.ts";
import { encodeReply } from "./outgoing.ts";
import { isAsyncIterable, notIterable, ReplyWriter } from "./reply-writer.ts";
import { isThenable } from "./thenable.ts";
import { TurnContext } from "./turn-context.ts";
import { endingOf, failed, interrupted, laterEnding, turnEnd } from "./turn-ending.ts";
import type { Workplace } from "./workplace.ts";

/** Where a turn happens: an activation, as far as turns know it. */
export interface TurnHome {
  readonly number: number;
  readonly id: AgentId;
  readonly program: AgentProgram;
  /** Whether the activation is over, so that nothing may be done in its name. */
  readonly isGone: boolean;
  state: unknown;
  /** A handler that went on after it had returned is through. */
  turnOver(turn: Turn): void;
  /** A turn did not end in time, although it was told to. */
  abandoned(overdue: Turn): void;
  /** A turn was not handled now, and is tried again: what is behind it in its lane must wait for that. */
  failedInLane(durableLane: number): void;
  /** Starts what may start in one of its lanes. */
  proceed(lane: Lane): void;
}

export type TurnPhase = "waiting" | "running" | "orphaned" | "ended";

const NOT_STARTED = { outcome: "not-executed", retryable: true } as const;

export class Turn extends Deadline implements CallOrigin, Speaker {
  readonly home: TurnHome;
  readonly frame: DeliverFrame | EventFrame;
  /** Number of the delivery. */
  readonly delivery: number;
  /** What the frame says of this delivery. */
  readonly target: DeliverFrame | EventTarget;
  /** Number of the lane of a durable subscription that it is ordered in; 0 when it is in none. */
  readonly durableLane: number;
  phase: TurnPhase = "waiting";
  /** The turn behind this one in its lane. */
  behind: Turn | undefined = undefined;
  /** The lane that it is in. */
  lane: Lane | undefined = undefined;
  /** Turns that enter this one while it waits; undefined when none did. */
  inner: Lane | undefined = undefined;
  firstCall: Call | undefined = undefined;
  lastCall: Call | undefined = undefined;
  /** What arrived; undefined before it has started. */
  content: Content | undefined = undefined;
  readonly #workplace: Workplace;
  /** From when the time of the message counts. */
  #timedFrom: number;
  #startedAt = 0;
  #stopReason: MeshError | undefined = undefined;
  #abort: AbortController | undefined = undefined;
  #writer: ReplyWriter | undefined = undefined;
  /** How it ends once its handler has returned, when the handler wants the event later. */
  #later: Postponed | undefined = undefined;

  constructor(
    workplace: Workplace,
    home: TurnHome,
    frame: DeliverFrame | EventFrame,
    target: DeliverFrame | EventTarget,
    receivedAt: number,
  ) {
    super();
    this.#workplace = workplace;
    this.home = home;
    this.frame = frame;
    this.delivery = target.delivery;
    this.target = target;
    this.durableLane = "durable" in target && target.durable ? target.lane : 0;
    this.#timedFrom = receivedAt;
  }

  /** Why it was told to stop; undefined when it was not. */
  get stopReason(): MeshError | undefined {
    return this.#stopReason;
  }

  /** Fires when it is told to stop; made when a handler first looks at it. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#stopReason !== undefined) this.#abort.abort(this.#stopReason);
    }
    return this.#abort.signal;
  }

  /** When who waits for it gives up, in milliseconds since 1970; undefined when nobody does. */
  get deadlineUnixMs(): number | undefined {
    if (this.#timeoutMs === 0) return undefined;
    return Math.round(this.#workplace.clock.unixMs() + this.timeLeftMs());
  }

  get activation(): number {
    return this.home.number;
  }

  /** 0 once it has ended: what its context still sends starts a new chain. */
  get parent(): number {
    return this.phase === "running" ? this.delivery : 0;
  }

  get obstacle(): Failure | undefined {
    return this.home.isGone ? failure("ACTIVATION_STALE") : undefined;
  }

  timeLeftMs(): number {
    const timeoutMs = this.#timeoutMs;
    if (timeoutMs === 0) return Number.POSITIVE_INFINITY;
    return this.#timedFrom + timeoutMs - this.#workplace.clock.now();
  }

  ask(target: AgentId, message: OutgoingMessage, options: SendOptions): Promise<unknown> {
    return this.#workplace.calls.ask(this, target, message, options);
  }

  askStream(
    target: AgentId,
    message: OutgoingMessage,
    options: StreamOptions,
  ): ElementStream<unknown> {
    return this.#workplace.calls.askStream(this, target, message, options);
  }

  tell(topic: TopicId, message: OutgoingMessage, options: PublishOptions): Promise<void> {
    return this.#workplace.publisher.publish(this, topic, message, options);
  }

  /**
   * Runs the handler; never throws.
   * @returns whether the turn has ended. Otherwise its home is told when it has.
   */
  start(now: number): boolean {
    this.phase = "running";
    this.#startedAt = now;
    const timeoutMs = this.#timeoutMs;
    if (timeoutMs > 0 && now >= this.#timedFrom + timeoutMs) {
      return this.#fail(failure("DEADLINE_EXCEEDED", undefined, NOT_STARTED), false);
    }
    const incoming = readIncoming(this.home.program, this.frame);
    switch (incoming.kind) {
      case "ready":
        this.content = incoming.content;
        return this.#handle(incoming.handler, incoming.message);
      case "unhandled":
        this.#workplace.counters.unhandledEvents++;
        return this.#tell(DONE, false);
      case "ignored":
        return this.#tell(DONE, false);
      case "failed":
        return this.#fail(incoming.failure, incoming.permanent);
    }
  }

  /** Ends it with a failure, without waiting for its handler. */
  refuse(reason: Failure, permanent = false): void {
    this.#fail(reason, permanent);
  }

  /** Ends it because its agent goes, without waiting for its handler: an event is handled once more. */
  interrupt(): void {
    this.#tell(interrupted(this.frame.kind === "event"), false);
    this.stop(stopped("ACTIVATION_STALE"));
  }

  /** Tells the handler, and the agents that it waits for, to stop. The turn ends when the handler does. */
  stop(reason: MeshError): void {
    if (this.#stopReason !== undefined) return;
    this.#stopReason = reason;
    this.#workplace.calls.stopTurn(this, reason);
    this.#abort?.abort(reason);
    this.#writer?.goOn();
  }

  /** The mesh is not told of its end any more. While its agent lives on, it may still take too long. */
  orphan(): void {
    const isRunning = this.phase === "running";
    if (!isRunning || this.home.isGone) this.#workplace.deadlines.disarm(this);
    this.phase = isRunning ? "orphaned" : "ended";
    this.#leaveMesh();
  }

  /** Lets the event come back when its handler has returned. @throws MeshError when it cannot. */
  retryLater(ms: number): void {
    this.#later = laterEnding(ms, this.frame.kind === "event");
  }

  /** The reader of a stream of replies can take more. */
  grant(chunks: number, bytes: number): void {
    this.#writer?.grant(chunks, bytes);
  }

  /** An element of a stream of replies was written. */
  progressed(): void {
    this.#timedFrom = this.#workplace.clock.now();
  }

  expire(): void {
    const now = this.#workplace.clock.now();
    const limitAt = this.#startedAt + this.#maxTurnMs;
    if (now < limitAt) {
      if (this.timeLeftMs() <= 0) this.stop(stopped("DEADLINE_EXCEEDED"));
      this.#workplace.deadlines.arm(this, limitAt - now);
      return;
    }
    const abandonAt = limitAt + this.#workplace.turnGraceMs;
    if (now < abandonAt) {
      this.stop(stopped("TURN_ABANDONED"));
      this.#workplace.deadlines.arm(this, abandonAt - now);
      return;
    }
    if (!this.home.isGone) this.home.abandoned(this);
  }

  get #timeoutMs(): number {
    return this.frame.kind === "deliver" ? this.frame.timeoutMs : 0;
  }

  get #maxTurnMs(): number {
    const { maxTurnMs } = this.home.program;
    return maxTurnMs === 0 ? this.#workplace.maxTurnMs : maxTurnMs;
  }

  #handle(handler: ProgramHandler, message: unknown): boolean {
    let returned: unknown;
    let isLater: boolean;
    try {
      returned = handler.handle(message, new TurnContext(this));
      isLater = isThenable(returned);
    } catch (thrown) {
      return this.#threw(thrown);
    }
    if (handler.message.reply.kind === "stream") return this.#stream(handler, returned);
    if (!isLater) return this.#returned(handler, returned);
    this.#watch(this.#timeoutMs);
    void Promise.resolve(returned).then(
      (value) => {
        this.#returned(handler, value);
        this.home.turnOver(this);
      },
      (thrown) => {
        this.#threw(thrown);
        this.home.turnOver(this);
      },
    );
    return false;
  }

  #stream(handler: ProgramHandler, returned: unknown): boolean {
    const { reply } = handler.message;
    if (reply.kind !== "stream" || !isAsyncIterable(returned)) {
      return this.#threw(notIterable());
    }
    // The deadline of a stream is one between elements: the mesh watches it.
    this.#watch(0);
    const writer = new ReplyWriter(this, this.#workplace, reply.type);
    this.#writer = writer;
    void writer.run(returned).then((thrown) => {
      if (thrown === undefined) this.#handled();
      else this.#threw(thrown.error);
      this.home.turnOver(this);
    });
    return false;
  }

  #returned(handler: ProgramHandler, value: unknown): boolean {
    const { reply } = handler.message;
    if (this.frame.kind === "event") return this.#handled();
    try {
      const content = encodeReply(reply, value, this.#workplace.maxPayloadBytes);
      return this.#tell(content === undefined ? DONE : { kind: "reply", content }, false);
    } catch (thrown) {
      return this.#threw(thrown);
    }
  }

  /** The handler has returned, without a reply. */
  #handled(): true {
    return this.#tell(this.#later ?? DONE, false);
  }

  #threw(thrown: unknown): true {
    const ending = endingOf(thrown, this.#stopReason, this.frame.kind === "event");
    return this.#tell(ending, thrown instanceof AppError && thrown.permanent);
  }

  #fail(reason: Failure, permanent: boolean): boolean {
    return this.#tell(failed(reason), permanent);
  }

  /** The handler goes on after it has returned: watches its time. */
  #watch(timeoutMs: number): void {
    const limitMs = this.#maxTurnMs;
    const delayMs = timeoutMs === 0 ? limitMs : Math.min(limitMs, timeoutMs);
    this.#workplace.deadlines.arm(this, delayMs);
  }

  /** @returns true: the turn has ended. */
  #tell(ending: TurnEndFrame["ending"], permanent: boolean): true {
    const { phase, delivery } = this;
    this.phase = "ended";
    const { deadlines, uplink, counters } = this.#workplace;
    deadlines.disarm(this);
    if (phase === "orphaned" || phase === "ended") return true;
    this.#leaveMesh();
    if (ending.kind === "failed") counters.failedTurns++;
    if (ending.kind === "done" && this.frame.kind === "event") {
      uplink.done(this.activation, delivery);
    } else uplink.turnEnd(turnEnd(this, ending, permanent));
    if (this.durableLane > 0 && ending.kind === "failed") this.home.failedInLane(this.durableLane);
    return true;
  }

  /** The mesh does not wait for it any more. */
  #leaveMesh(): void {
    const { turns, onQuiet } = this.#workplace;
    turns.delete(this.delivery);
    if (onQuiet !== undefined && turns.size === 0) onQuiet();
  }
}

/** Why a turn is told to stop. */
export function stopped(code: ErrorCode, text?: string): MeshError {
  return new MeshError(failure(code, text));
}
