/**
 * Every send of this runtime, from its opening to its one settlement: a result, the deadline, the caller's signal, the
 * end of the turn that made it, a lost session, the end of the runtime. All of them come together in `#settle`.
 *
 * C1. A call is in `#pending` exactly until it is settled; its number is never used again.
 * C2. Its own deadline is authoritative: it settles even when the mesh is silent.
 * C3. Nothing leaves that is larger than the host of the moment allows: it would break the stream, again and again.
 * C4. A call outside of any turn takes part in the window; one within a turn does not, so that turns can finish.
 */
import {
  type AgentId,
  type Deadlines,
  type ErrorCode,
  type Failure,
  type FailureHints,
  failure,
  invalid,
  MeshError,
} from "@agentmesh/proto";
import { NumberMap } from "@agentmesh/proto/link";
import type { ChunkFrame, Ending, ResultFrame } from "@agentmesh/proto/wire";
import type { SendOptions, StreamOptions } from "../agent/context.ts";
import { listenTo } from "../connection/caller-signal.ts";
import type { MeshLimits, Renewal, Uplink } from "../connection/mesh-port.ts";
import { ElementStream, type StreamReader } from "../connection/stream-reader.ts";
import type { Call, CallInit, CallOrigin, TurnCalls } from "./call.ts";
import type { OutgoingMessage } from "./messaging.ts";
import { checkTimeout, decodeReply, encodeMessage } from "./outgoing.ts";
import type { RequestWindow } from "./request-window.ts";
import { SendCall } from "./send-call.ts";
import { StreamCall, type StreamRegistry } from "./stream-call.ts";

const NOT_STARTED: FailureHints = { outcome: "not-executed", retryable: true };
const MAYBE_STARTED: FailureHints = { outcome: "unknown", retryable: false };
const TOO_LARGE: ErrorCode = "PAYLOAD_TOO_LARGE";

export interface CallsParts {
  readonly deadlines: Deadlines;
  readonly uplink: Uplink;
  readonly window: RequestWindow;
}

export class Calls implements StreamRegistry {
  readonly #parts: CallsParts;
  readonly #pending = new NumberMap<Call>();
  #limits: MeshLimits;
  #lastRequest = 0;
  #closed: Failure | undefined;
  /** Called when the last unsettled send has settled. */
  onQuiet: (() => void) | undefined = undefined;

  constructor(parts: CallsParts, limits: MeshLimits) {
    this.#parts = parts;
    this.#limits = limits;
  }

  /** Unsettled sends. */
  get size(): number {
    return this.#pending.size;
  }

  /** Replaces the limits. What waits and is too large for them is refused. */
  resize(limits: MeshLimits): void {
    const shrinks = limits.maxPayloadBytes < this.#limits.maxPayloadBytes;
    this.#limits = limits;
    if (!shrinks) return;
    for (const call of this.#pending.values()) {
      if (call.position === 0 && this.#isTooLarge(call)) this.#fail(call, failure(TOO_LARGE));
    }
  }

  /** Asks an agent for one reply. */
  ask(
    origin: CallOrigin,
    target: AgentId,
    message: OutgoingMessage,
    options: SendOptions,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const init = this.#prepare(origin, target, message, options);
      if (message.type.reply.kind === "stream") {
        throw invalid(`${message.type.messageName} is answered by a stream; use stream()`);
      }
      this.#open(new SendCall(init, message.type, resolve, reject), origin);
    });
  }

  /** Asks an agent for a stream of replies, once, when the iteration begins. */
  askStream(
    origin: CallOrigin,
    target: AgentId,
    message: OutgoingMessage,
    options: StreamOptions,
  ): ElementStream<unknown> {
    return new ElementStream((reader) => this.#replies(reader, origin, target, message, options));
  }

  async *#replies(
    reader: StreamReader,
    origin: CallOrigin,
    target: AgentId,
    message: OutgoingMessage,
    options: StreamOptions,
  ): AsyncGenerator<unknown, void, undefined> {
    const { messageName, reply } = message.type;
    if (reply.kind !== "stream") throw invalid(`${messageName} is not answered by a stream`);
    const init = this.#prepare(origin, target, message, options);
    const call = new StreamCall(init, this);
    this.#open(call, origin);
    reader.onLeave = () => {
      call.abandon();
      this.#giveUp(call, "CANCELLED", undefined);
    };
    try {
      for (let content = await call.take(); content !== undefined; content = await call.take()) {
        yield decodeReply(messageName, reply.type, content);
      }
    } finally {
      this.#giveUp(call, "CANCELLED", undefined);
    }
  }

  /** The delivery in whose turn the open send `request` was made; 0 when there is none. */
  parentOf(request: number): number {
    return this.#pending.get(request)?.parent ?? 0;
  }

  /** The mesh has settled a send. What is settled already stays as it is. */
  result(frame: ResultFrame): void {
    const call = this.#pending.get(frame.request);
    if (call === undefined) return;
    if (this.#cameTooLate(call, frame.ending)) this.#takeBack(call);
    else this.#settle(call, frame.ending);
  }

  /** An element of a stream of replies has arrived. */
  chunk(frame: ChunkFrame): void {
    this.#pending.get(frame.request)?.chunk(frame.content);
  }

  /** A turn was told to stop: so are the agents that it waits for. */
  stopTurn(turn: TurnCalls, reason: MeshError): void {
    for (let call = turn.firstCall; call !== undefined; call = turn.firstCall) {
      this.#giveUp(call, "CANCELLED", reason);
    }
  }

  /** A new session has begun: what had left is lost, what had not leaves now. */
  renewed(start: Renewal, isAlive: (activation: number) => boolean): void {
    for (const call of this.#pending.values()) {
      if (call.position === 0) continue;
      if (call.position <= start.leftThrough) this.#fail(call, failure("CONNECTION_LOST"));
      else if (call.activation !== 0 && !isAlive(call.activation)) {
        this.#fail(call, failure("ACTIVATION_STALE"));
      } else if (this.#isTooLarge(call)) this.#fail(call, failure(TOO_LARGE));
      else this.#leaveAgain(call);
    }
  }

  /** Nothing is sent any more; what is open settles with `reason`. */
  close(reason: Failure): void {
    this.#closed ??= reason;
    for (const call of this.#pending.values()) {
      const hints = call.position === 0 ? NOT_STARTED : MAYBE_STARTED;
      this.#fail(call, { ...reason, ...hints, retryable: false });
    }
  }

  leftMs(call: Call): number | undefined {
    return this.#parts.deadlines.leftMs(call);
  }

  depart(call: Call): void {
    call.position = this.#parts.uplink.send(call);
  }

  expired(call: Call): void {
    this.#giveUp(call, "DEADLINE_EXCEEDED", undefined);
  }

  cancelled(call: Call, reason: unknown): void {
    if (call instanceof StreamCall) call.discard();
    this.#giveUp(call, "CANCELLED", reason);
  }

  grant(call: StreamCall, chunks: number, bytes: number): void {
    this.#parts.uplink.streamCredit(call.request, chunks, bytes);
  }

  watch(call: StreamCall, isRunning: boolean): void {
    if (isRunning) this.#parts.deadlines.arm(call, call.timeoutMs);
    else this.#parts.deadlines.disarm(call);
  }

  overrun(call: StreamCall): void {
    this.#parts.uplink.cancel(call.request);
    this.#fail(call, failure("STREAM_OVERRUN"));
  }

  #prepare(
    origin: CallOrigin,
    target: AgentId,
    message: OutgoingMessage,
    options: SendOptions,
  ): CallInit {
    const obstacle = this.#closed ?? origin.obstacle;
    if (obstacle !== undefined) throw new MeshError(obstacle);
    const { signal } = options;
    if (signal?.aborted === true) throw gaveUp("CANCELLED", NOT_STARTED, signal.reason);
    this.#lastRequest++;
    return {
      registry: this,
      request: this.#lastRequest,
      target,
      timeoutMs: this.#timeoutMs(origin, message, options.timeoutMs),
      content: encodeMessage(message, options, this.#limits.maxPayloadBytes),
      origin,
      signal,
    };
  }

  /**
   * A nested send gets what is left of its turn, or less when asked for; a stream does not, because its deadline is one
   * between chunks.
   */
  #timeoutMs(origin: CallOrigin, message: OutgoingMessage, asked: number | undefined): number {
    const own = asked === undefined ? undefined : checkTimeout(asked);
    const isNested = origin.parent !== 0 && message.type.reply.kind !== "stream";
    const left = isNested ? origin.timeLeftMs() : Number.POSITIVE_INFINITY;
    if (left === Number.POSITIVE_INFINITY) return own ?? this.#limits.timeoutMs;
    if (left <= 0) throw new MeshError(failure("DEADLINE_EXCEEDED", undefined, NOT_STARTED));
    return Math.ceil(Math.min(own ?? left, left));
  }

  #open(call: Call, origin: CallOrigin): void {
    if (call.isWindowed) this.#parts.window.enter(call);
    else this.depart(call);
    this.#pending.set(call.request, call);
    if (call.parent !== 0) call.joinTurn(origin);
    this.#parts.deadlines.arm(call, call.timeoutMs);
    if (call.signal !== undefined) listenTo(call.signal, call);
  }

  /** The caller's side ends a call, and tells the mesh so. Without effect once it is settled. */
  #giveUp(call: Call, code: ErrorCode, cause: unknown): void {
    if (call.isOver) return;
    const hasLeft = call.position !== 0;
    if (hasLeft) this.#parts.uplink.cancel(call.request);
    const reason = failure(code, undefined, hasLeft ? MAYBE_STARTED : NOT_STARTED);
    this.#settle(call, { kind: "failed", failure: reason }, cause);
  }

  #fail(call: Call, reason: Failure): void {
    this.#settle(call, { kind: "failed", failure: reason });
  }

  #settle(call: Call, ending: Ending, cause?: unknown): void {
    if (call.isOver) return;
    call.isOver = true;
    call.leaveTurn();
    this.#pending.delete(call.request);
    this.#parts.deadlines.disarm(call);
    call.signal?.removeEventListener("abort", call);
    if (call.isWindowed) {
      if (call.position === 0) this.#parts.window.gaveUp(call.content.length);
      else this.#parts.window.settled(call.content.length);
    }
    call.settle(ending, cause);
    if (this.onQuiet !== undefined && this.size === 0) this.onQuiet();
  }

  /** A host that is leaving did not take it any more: then it waits for the next host, before what comes later. */
  #cameTooLate(call: Call, ending: Ending): boolean {
    if (ending.kind !== "failed" || ending.failure.code !== "HOST_DRAINING") return false;
    return call.isWindowed && this.#parts.window.isHeld;
  }

  #takeBack(call: Call): void {
    call.position = 0;
    this.#parts.window.takeBack(call, call.request);
  }

  /** Whether it is larger than the host of now allows: the one of before may have allowed more. */
  #isTooLarge(call: Call): boolean {
    return call.content.length > this.#limits.maxPayloadBytes;
  }

  #leaveAgain(call: Call): void {
    if (call.isWindowed) {
      call.leave();
      return;
    }
    // Its turn belongs to the lost session: in the new one it stands alone.
    call.parent = 0;
    call.leaveTurn();
    call.position = 0;
    try {
      this.#parts.window.enter(call);
      call.isWindowed = true;
    } catch (error) {
      this.#fail(call, error instanceof MeshError ? overloaded(error) : failure("INTERNAL"));
    }
  }
}

function overloaded(error: MeshError): Failure {
  return failure("OVERLOADED", undefined, { retryAfterMs: error.retryAfterMs });
}

function gaveUp(code: ErrorCode, hints: FailureHints, cause: unknown): MeshError {
  return new MeshError(failure(code, undefined, hints), { cause });
}
