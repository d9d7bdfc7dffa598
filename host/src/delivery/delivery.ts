import { type AgentId, Deadline } from "@agentmesh/proto";
import type { ContentBytes, Ending } from "@agentmesh/proto/wire";
import { compact } from "../model/content-copy.ts";
import type { MeshEvent } from "../model/event.ts";
import type { Agent } from "./agent.ts";
import type { DurableTicket } from "./durable-ticket.ts";
import type { Lane } from "./lane.ts";
import type { Worker } from "./worker.ts";

/** A message on its way to one agent. The router's call and the event of one subscriber are the two kinds. */
export type Delivery = CallDelivery | EventDelivery;

/**
 * Where a delivery is: `waiting` in a lane of its agent, `shipped` to a worker, or `ended`. An ended call may still be
 * in flight, until its worker has told the end of the turn.
 */
export type DeliveryPhase = "waiting" | "shipped" | "ended";

abstract class BaseDelivery extends Deadline {
  readonly agent: Agent;
  /** Place in its lane: grows with the time of arrival, and stays over all attempts. */
  readonly order: number;
  phase: DeliveryPhase = "waiting";
  /** Neighbours in the lane. */
  ahead: Delivery | undefined = undefined;
  behind: Delivery | undefined = undefined;
  /** The lane that it waits in. */
  lane: Lane | undefined = undefined;
  /** Number within the worker's session, once shipped. */
  number = 0;
  /** Worker that it was shipped to. */
  worker: Worker | undefined = undefined;
  /** Activation that it was shipped to. */
  activation = 0;
  /** How often it was shipped, but for the times that it came back unbegun. */
  attempts = 0;
  /** Its handler asked for it later: it waits in a lane of its own, outside of the order. */
  isPostponed = false;
  /** Workers that were lost while they handled it. */
  crashes = 0;
  /** Its turn was open when a worker was lost, and has not ended since: see `suspicion.ts`. */
  isSuspect = false;

  constructor(agent: Agent, order: number) {
    super();
    this.agent = agent;
    this.order = order;
  }
}

/** Receives how calls end. Implemented by the router. */
export interface CallSettlement {
  /** The delivery of the call has ended. */
  ended(call: CallDelivery, ending: Ending): void;
  /** The deadline of the call has passed. */
  expired(call: CallDelivery): void;
}

/** What is left of the window of a stream of replies. */
export interface StreamWindow {
  chunks: number;
  bytes: number;
}

/** Who made a call, as the router knows it. */
export interface CallOrigin {
  readonly request: number;
  /** The agent that sends; undefined when none does. */
  readonly sender: AgentId | undefined;
  /** Its activation; 0 when no agent sends. */
  readonly senderActivation: number;
  /** The delivery in whose turn it was sent. */
  readonly parent: Delivery | undefined;
}

/** A send on its way to its agent: the delivery and the pending call are one object, made once per send. */
export class CallDelivery extends BaseDelivery {
  readonly kind = "call";
  readonly id: number;
  readonly origin: CallOrigin;
  /** The caller, opaque to delivery. */
  readonly caller: object;
  /** Calls above this one in the chain, itself included. */
  readonly depth: number;
  content: ContentBytes;
  /** When it fails, on the host's clock. */
  deadlineAt: number;
  readonly timeoutMs: number;
  /** Present when a stream of replies is expected. */
  readonly stream: StreamWindow | undefined;
  /** Whether the caller has been told. */
  settled = false;
  /** Ends its wait when it was postponed; its own arming is the deadline of the call. */
  alarm: Deadline | undefined = undefined;
  readonly #settlement: CallSettlement;

  constructor(init: {
    agent: Agent;
    order: number;
    id: number;
    origin: CallOrigin;
    caller: object;
    content: ContentBytes;
    timeoutMs: number;
    deadlineAt: number;
    stream: StreamWindow | undefined;
    settlement: CallSettlement;
  }) {
    super(init.agent, init.order);
    this.id = init.id;
    this.origin = init.origin;
    this.caller = init.caller;
    this.depth = depthOf(init.origin.parent);
    this.content = init.content;
    this.timeoutMs = init.timeoutMs;
    this.deadlineAt = init.deadlineAt;
    this.stream = init.stream;
    this.#settlement = init.settlement;
  }

  /** Whether it was sent within a turn: then it bypasses windows, so that turns that wait can finish. */
  get isNested(): boolean {
    return this.origin.parent !== undefined;
  }

  /** A call waits for nothing but windows. */
  get isHeldBack(): boolean {
    return false;
  }

  /** Whether it answers with a stream whose caller gives no credit: then no time is counted. */
  get isHeld(): boolean {
    return this.stream !== undefined && (this.stream.chunks <= 0 || this.stream.bytes <= 0);
  }

  get sender(): AgentId | undefined {
    return this.origin.sender;
  }

  /** Makes the content fit to be kept for a while. */
  settleIn(): void {
    this.content = compact(this.content);
  }

  end(ending: Ending): void {
    this.#settlement.ended(this, ending);
  }

  expire(): void {
    this.#settlement.expired(this);
  }
}

function depthOf(parent: Delivery | undefined): number {
  if (parent === undefined) return 0;
  return parent.kind === "call" ? parent.depth + 1 : 1;
}

/** An event on its way to one agent. */
export class EventDelivery extends BaseDelivery {
  readonly kind = "event";
  readonly event: MeshEvent;
  readonly isNested = false;
  /** Present when a durable subscription sends it. */
  ticket: DurableTicket | undefined = undefined;
  /** Lost workers of whose loss it was the sole suspect. */
  proofs = 0;
  /** When it was last shipped, in milliseconds since 1970; 0 when it was not. */
  shippedUnixMs = 0;
  /** The same of its first attempt; undefined before the second one, and where that is not known. */
  firstShippedUnixMs: number | undefined = undefined;
  /** Called when the wait of a postponed delivery is over. */
  readonly #again: (delivery: EventDelivery) => void;

  constructor(
    agent: Agent,
    order: number,
    event: MeshEvent,
    again: (delivery: EventDelivery) => void,
  ) {
    super(agent, order);
    this.event = event;
    this.#again = again;
  }

  get id(): number {
    return this.event.id;
  }

  get sender(): AgentId | undefined {
    return this.event.sender;
  }

  get content(): ContentBytes {
    return this.event.content;
  }

  /** It is shipped. */
  leaves(unixMs: number): void {
    if (this.attempts > 1 && this.shippedUnixMs > 0) this.firstShippedUnixMs ??= this.shippedUnixMs;
    this.shippedUnixMs = unixMs;
    this.ticket?.shipped();
  }

  /**
   * Whether something of its durable subscription has to come back before it may leave. Agents with several turns at a
   * time keep no order and need not wait for it.
   */
  get isHeldBack(): boolean {
    return this.ticket?.lane.isHeld === true && this.agent.type.concurrency === 1;
  }

  /** Makes the content fit to be kept for a while. */
  settleIn(): void {
    this.event.content = compact(this.event.content);
  }

  expire(): void {
    this.#again(this);
  }
}
