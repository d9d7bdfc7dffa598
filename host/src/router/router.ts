/**
 * The two journeys. A send: checks, pending call, delivery to one agent, result. A publish: checks, matching
 * subscriptions, acceptance, one delivery per agent.
 */
import {
  type Clock,
  type Failure,
  failure,
  failureOf,
  isAgentType,
  isKey,
  isTopicType,
  meshError,
  quote,
} from "@agentmesh/proto";
import {
  type ContentBytes,
  contentProblem,
  type DoneFrame,
  type Ending,
  type PublishFrame,
  type ReplyChunkFrame,
  type SendFrame,
  type StreamCreditFrame,
  type TurnEndFrame,
} from "@agentmesh/proto/wire";
import type { Agent } from "../delivery/agent.ts";
import { CallDelivery, type Delivery } from "../delivery/delivery.ts";
import { type Dispatcher, HOST_FULL } from "../delivery/dispatcher.ts";
import type { Namespace } from "../delivery/namespace.ts";
import type { Tap } from "../delivery/tap.ts";
import type { Worker } from "../delivery/worker.ts";
import type { NumberSource } from "../model/number-source.ts";
import type { Counters } from "../observability/counters.ts";
import type { EventLog } from "../store/ports.ts";
import type { Caller } from "./caller.ts";
import type { Calls } from "./calls.ts";
import { type Accepted, Fanout, type Publisher } from "./fanout.ts";
import { type Origin, originOf } from "./origin.ts";
import type { Settling } from "./settling.ts";

export interface RouterOptions {
  /** Milliseconds that a send without timeout gets. */
  readonly timeoutMs: number;
  /** Largest content in bytes. */
  readonly maxPayloadBytes: number;
  /** Depth of a chain of nested sends. */
  readonly chainDepth: number;
  /** Sends of one caller without ancestors that may be unsettled. */
  readonly requestWindow: number;
  /** Bytes of their content. */
  readonly requestWindowBytes: number;
}

/** What became of a publish: the id of the event, or why it was not accepted. */
export type PublishOutcome =
  | { readonly kind: "accepted"; readonly id: number }
  /** It is accepted when it is on the disk: when `stored` resolves; it rejects with why it was not. */
  | { readonly kind: "storing"; readonly id: number; readonly stored: Promise<void> }
  | { readonly kind: "refused"; readonly failure: Failure };

interface Parts {
  readonly clock: Clock;
  readonly numbers: NumberSource;
  readonly dispatcher: Dispatcher;
  readonly calls: Calls;
  readonly counters: Counters;
  readonly settling: Settling;
  readonly tap: Tap;
  readonly events: EventLog;
}

export class Router {
  readonly #options: RouterOptions;
  readonly #parts: Parts;
  readonly #fanout: Fanout;
  #draining = false;

  constructor(options: RouterOptions, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
    this.#fanout = new Fanout(parts);
  }

  /** Takes no more sends and publishes from outside of turns. */
  drain(): void {
    this.#draining = true;
  }

  /** A send. It is answered by exactly one result. @throws MeshError when the frame breaks the protocol. */
  send(caller: Caller, frame: SendFrame): void {
    this.#parts.calls.checkRequest(caller, frame.request);
    this.#parts.counters.sends++;
    const origin = originOf(caller.worker, frame.activation, frame.parent);
    const refusal = "code" in origin ? origin : this.#refusal(caller, frame, origin);
    if (refusal !== undefined) this.#refuse(caller, frame, refusal);
    else if (!("code" in origin)) this.#place(caller, frame, origin);
  }

  /** A publish. @throws MeshError when the frame breaks the protocol. */
  publish(
    namespace: Namespace,
    worker: Worker | undefined,
    frame: PublishFrame,
    publisher?: Publisher,
  ): PublishOutcome {
    const origin = originOf(worker, frame.activation, frame.parent);
    const refusal = "code" in origin ? origin : this.#publishRefusal(namespace, frame, origin);
    if (refusal === undefined && !("code" in origin)) {
      const { id, stored } = this.#accept(namespace, frame, origin, worker, publisher);
      return stored === undefined ? { kind: "accepted", id } : { kind: "storing", id, stored };
    }
    const reason = refusal ?? failure("INTERNAL");
    this.#parts.counters.failures[reason.code]++;
    const { topic, content } = frame;
    this.#parts.tap.watcher?.refused({
      namespace,
      from: worker,
      target: undefined,
      topic,
      content,
      failure: reason,
    });
    return { kind: "refused", failure: reason };
  }

  /**
   * A turn has ended, with what it publishes: all of it takes effect, or nothing does and the turn has failed.
   * @returns why it has, undefined otherwise; a promise when events must be on the disk before the turn ends.
   * @throws MeshError when the frame breaks the protocol.
   */
  turnEnd(
    worker: Worker,
    namespace: Namespace,
    frame: TurnEndFrame,
    publisher?: Publisher,
  ): Failure | undefined | Promise<undefined> {
    if (frame.state)
      throw meshError(
        "PROTOCOL_VIOLATION",
        "a state change needs the feature `state`, which Welcome did not name",
      );
    const unfit = frame.ending.kind === "reply" ? this.#unfit(frame.ending.content) : undefined;
    if (frame.publishes.length > 0)
      return this.#publishingEnd(worker, namespace, frame, unfit, publisher);
    this.#endTurn(worker, frame, unfit);
    return unfit;
  }

  /** Turns of events have ended well. */
  done(worker: Worker, frame: DoneFrame): void {
    this.#parts.dispatcher.done(worker, frame.activation, frame.deliveries);
  }

  /** One element of a stream of replies. */
  replyChunk(worker: Worker, frame: ReplyChunkFrame): void {
    const delivery = this.#parts.dispatcher.current(worker, frame.delivery, frame.activation);
    if (delivery?.kind !== "call") return;
    const unfit = this.#unfit(frame.content);
    if (unfit === undefined) this.#parts.calls.chunk(delivery, frame.content);
    else this.#parts.calls.breakOff(delivery, failed(unfit));
  }

  /** The caller of a stream of replies can take more. */
  streamCredit(caller: Caller, frame: StreamCreditFrame): void {
    this.#parts.calls.grant(caller, frame.stream, frame.chunks, frame.bytes);
  }

  /** The caller gives a send up. */
  cancel(caller: Caller, request: number): void {
    this.#parts.calls.cancel(caller, request);
  }

  /** The caller is gone. */
  callerGone(caller: Caller): void {
    this.#parts.calls.cancelAll(caller);
  }

  #publishingEnd(
    worker: Worker,
    namespace: Namespace,
    frame: TurnEndFrame,
    unfit: Failure | undefined,
    publisher: Publisher | undefined,
  ): Failure | undefined | Promise<undefined> {
    const { activation } = frame;
    const parent = this.#parts.dispatcher.current(worker, frame.delivery, activation);
    if (parent === undefined) return failure("ACTIVATION_STALE");
    const origin = { agent: parent.agent, parent };
    const publishes = frame.publishes.map((publish) => ({ ...publish, activation }));
    let refusal = unfit;
    for (const publish of publishes) refusal ??= this.#publishRefusal(namespace, publish, origin);
    if (refusal !== undefined) this.#parts.counters.failures[refusal.code]++;
    else {
      this.#parts.counters.publishes += publishes.length;
      const { agent } = parent;
      const stored = this.#fanout.publishAll(namespace, publishes, agent, worker, publisher);
      if (stored !== undefined) return this.#endStored(worker, frame, stored);
    }
    this.#endTurn(worker, frame, refusal);
    return refusal;
  }

  /** Ends a turn when its events are on the disk. Rejects with why they are not: then the turn has failed. */
  async #endStored(worker: Worker, frame: TurnEndFrame, stored: Promise<void>): Promise<undefined> {
    try {
      await stored;
      this.#endTurn(worker, frame, undefined);
    } catch (error) {
      // The handler ran, whatever the store says of the events.
      const refusal = { ...failureOf(error), outcome: "executed", retryable: false } as const;
      this.#endTurn(worker, frame, refusal);
      throw error;
    }
  }

  #endTurn(worker: Worker, frame: TurnEndFrame, refusal: Failure | undefined): void {
    const { dispatcher } = this.#parts;
    const hasFailed = frame.ending.kind === "failed";
    if (refusal === undefined || hasFailed) dispatcher.turnEnd(worker, frame);
    else dispatcher.turnEnd(worker, { ...frame, ending: failed(refusal) });
  }

  #accept(
    namespace: Namespace,
    frame: PublishFrame,
    origin: Origin,
    from: Worker | undefined,
    publisher?: Publisher,
  ): Accepted {
    this.#parts.counters.publishes++;
    return this.#fanout.publish(namespace, frame, origin.agent, from, publisher);
  }

  #refuse(caller: Caller, frame: SendFrame, refusal: Failure): void {
    this.#parts.counters.failures[refusal.code]++;
    const { target, content } = frame;
    this.#parts.tap.watcher?.refused({
      namespace: caller.namespace,
      from: caller.worker,
      target,
      topic: undefined,
      content,
      failure: refusal,
    });
    caller.refuse(frame.request, refusal);
  }

  #refusal(caller: Caller, frame: SendFrame, origin: Origin): Failure | undefined {
    const { target, content } = frame;
    const unfit = this.#unfit(content);
    if (unfit !== undefined) return unfit;
    if (!caller.namespace.types.has(target.type) && !isAgentType(target.type)) {
      return failure("INVALID_ARGUMENT", `agent type ${quote(target.type)} breaks the grammar`);
    }
    if (target.key !== "" && !isKey(target.key)) {
      return failure("INVALID_ARGUMENT", `agent key ${quote(target.key)} is longer than 512 bytes`);
    }
    return origin.parent === undefined
      ? this.#rootRefusal(caller, content.length)
      : this.#nestedRefusal(frame, origin.parent);
  }

  #rootRefusal(caller: Caller, bytes: number): Failure | undefined {
    if (this.#draining) return failure("HOST_DRAINING");
    const { requestWindow, requestWindowBytes } = this.#options;
    if (
      caller.unsettledRoots >= requestWindow ||
      caller.unsettledBytes + bytes > requestWindowBytes
    ) {
      return failure("OVERLOADED", "more sends are unsettled than the window allows", {
        retryAfterMs: 10,
      });
    }
    return undefined;
  }

  #nestedRefusal(frame: SendFrame, parent: Delivery): Failure | undefined {
    const depth = parent.kind === "call" ? parent.depth + 1 : 1;
    if (depth > this.#options.chainDepth) return failure("CHAIN_TOO_DEEP");
    if (frame.streamChunks > 0 || timeLeft(parent, this.#parts.clock.now()) > 0) return undefined;
    const text = "the deadline of the send above has passed";
    return failure("DEADLINE_EXCEEDED", text, { outcome: "not-executed" });
  }

  #publishRefusal(namespace: Namespace, frame: PublishFrame, origin: Origin): Failure | undefined {
    const { topic, content } = frame;
    const unfit = this.#unfit(content);
    if (unfit !== undefined) return unfit;
    if (!namespace.subscriptions.isKnown(topic.type) && !isTopicType(topic.type)) {
      return failure("INVALID_ARGUMENT", `topic type ${quote(topic.type)} breaks the grammar`);
    }
    if (!isKey(topic.source)) {
      return failure("INVALID_ARGUMENT", `topic source ${quote(topic.source)} is not 1–512 bytes`);
    }
    if (frame.delayMs > 0 || frame.dedupId !== "") {
      return failure(
        "UNIMPLEMENTED",
        "this host offers neither delayed nor deduplicated publishes",
      );
    }
    const { dispatcher } = this.#parts;
    if (dispatcher.isBacklogFull || this.#fanout.isFull) return HOST_FULL;
    // A turn ends what is in flight: it is let through.
    if (origin.parent !== undefined) return undefined;
    if (dispatcher.isInFlightFull) return HOST_FULL;
    return this.#draining ? failure("HOST_DRAINING") : undefined;
  }

  /** Why a content cannot be passed on; undefined when it can. */
  #unfit(content: ContentBytes): Failure | undefined {
    const { maxPayloadBytes } = this.#options;
    if (content.length > maxPayloadBytes) {
      const text = `${content.length} bytes; the most is ${maxPayloadBytes}`;
      return failure("PAYLOAD_TOO_LARGE", text);
    }
    const problem = contentProblem(content);
    return problem === undefined ? undefined : failure("PAYLOAD_INVALID", problem);
  }

  #place(caller: Caller, frame: SendFrame, origin: Origin): void {
    const { settling } = this.#parts;
    const type = caller.namespace.types.get(frame.target.type);
    if (type?.isKnown !== true && !settling.isActive) {
      const name = quote(frame.target.type);
      const text = `no worker announced agent type ${name} in namespace ${quote(caller.namespace.name)}`;
      this.#refuse(caller, frame, failure("AGENT_TYPE_UNKNOWN", text));
      return;
    }
    const agent = this.#agentFor(caller.namespace, frame);
    const call = this.#openCall(caller, frame, origin, agent);
    const refusal = this.#parts.dispatcher.dispatch(call);
    if (refusal !== undefined) this.#parts.calls.ended(call, { kind: "failed", failure: refusal });
  }

  #agentFor(namespace: Namespace, frame: SendFrame): Agent {
    const type = namespace.type(frame.target.type);
    if (frame.target.key === "") return this.#parts.dispatcher.anyAgent(namespace, type);
    return namespace.agent(frame.target, type);
  }

  #openCall(caller: Caller, frame: SendFrame, origin: Origin, agent: Agent): CallDelivery {
    const { clock, numbers, dispatcher, calls } = this.#parts;
    const now = clock.now();
    const asked = frame.timeoutMs === 0 ? this.#options.timeoutMs : frame.timeoutMs;
    const isStream = frame.streamChunks > 0;
    const timeoutMs = isStream ? asked : Math.min(asked, timeLeft(origin.parent, now));
    const call = new CallDelivery({
      agent,
      order: dispatcher.nextOrder(),
      id: numbers.next(),
      origin: {
        request: frame.request,
        sender: origin.agent?.id,
        senderActivation: frame.activation,
        parent: origin.parent,
      },
      caller,
      content: frame.content,
      timeoutMs,
      deadlineAt: now + timeoutMs,
      stream: isStream ? { chunks: frame.streamChunks, bytes: frame.streamBytes } : undefined,
      settlement: calls,
    });
    calls.open(caller, call);
    return call;
  }
}

/** What is left for a send within the turn of `parent`. The caller of a stream that gives no credit holds the clock. */
function timeLeft(parent: Delivery | undefined, now: number): number {
  if (parent?.kind !== "call" || parent.isHeld) return Number.POSITIVE_INFINITY;
  return parent.deadlineAt - now;
}

/** How a turn ends whose answer cannot be passed on: its handler has run. */
function failed(unfit: Failure): Ending {
  return { kind: "failed", failure: { ...unfit, outcome: "executed" } };
}
