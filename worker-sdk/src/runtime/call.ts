import { type AgentId, Deadline, type Failure } from "@agentmesh/proto";
import type { ContentBytes, Ending, SendFrame } from "@agentmesh/proto/wire";
import type { Departure } from "./request-window.ts";

/** The unsettled calls of one turn, oldest first: a list whose links are in the calls. */
export interface TurnCalls {
  firstCall: Call | undefined;
  lastCall: Call | undefined;
}

/** Who sends. */
export interface CallOrigin extends TurnCalls {
  /** Activation of the agent that sends; 0 outside of any agent. */
  readonly activation: number;
  /** Delivery whose turn sends; 0 outside of any turn. */
  readonly parent: number;
  /** Why nothing may be sent in this name any more; undefined when it may. */
  readonly obstacle: Failure | undefined;
  /** Milliseconds until who waits for the turn gives up; Infinity when nobody does. */
  timeLeftMs(): number;
}

/** What a call tells its registry. */
export interface CallRegistry {
  /** The deadline has passed. */
  expired(call: Call): void;
  /** The caller's signal has fired. */
  cancelled(call: Call, reason: unknown): void;
  /** It may leave. */
  depart(call: Call): void;
  /** Milliseconds until its deadline; undefined before that runs. */
  leftMs(call: Call): number | undefined;
}

/** What a call is made of. */
export interface CallInit {
  readonly registry: CallRegistry;
  readonly request: number;
  readonly target: AgentId;
  readonly timeoutMs: number;
  readonly content: ContentBytes;
  readonly origin: CallOrigin;
  readonly signal: AbortSignal | undefined;
}

/**
 * One send from its opening to its settlement. It is its own frame, deadline, place in the window and listener of the
 * caller's signal: one object per send. Its registry alone changes `position`, `parent`, `isOver` and its turn.
 */
export abstract class Call extends Deadline implements SendFrame, Departure {
  readonly kind = "send";
  readonly request: number;
  readonly target: AgentId;
  readonly content: ContentBytes;
  readonly activation: number;
  readonly signal: AbortSignal | undefined;
  readonly registry: CallRegistry;
  timeoutMs: number;
  parent: number;
  streamChunks = 0;
  streamBytes = 0;
  /** Whether it takes part in the window: a call within a turn does not. */
  isWindowed: boolean;
  /** Place of its frame in the session; 0 before it has left. */
  position = 0;
  /** Whether it is settled. */
  isOver = false;
  /** The turn that it stops with, and its neighbours among the calls of that; undefined when it stops with none. */
  turn: TurnCalls | undefined = undefined;
  olderOfTurn: Call | undefined = undefined;
  newerOfTurn: Call | undefined = undefined;

  constructor(init: CallInit) {
    super();
    this.registry = init.registry;
    this.request = init.request;
    this.target = init.target;
    this.timeoutMs = init.timeoutMs;
    this.content = init.content;
    this.activation = init.origin.activation;
    this.parent = init.origin.parent;
    this.isWindowed = init.origin.parent === 0;
    this.signal = init.signal;
  }

  /** Becomes the newest call of a turn. */
  joinTurn(turn: TurnCalls): void {
    this.turn = turn;
    this.olderOfTurn = turn.lastCall;
    if (turn.lastCall === undefined) turn.firstCall = this;
    else turn.lastCall.newerOfTurn = this;
    turn.lastCall = this;
  }

  /** Stops with no turn any more. */
  leaveTurn(): void {
    const { turn } = this;
    if (turn === undefined) return;
    const { olderOfTurn: older, newerOfTurn: newer } = this;
    if (older === undefined) turn.firstCall = newer;
    else older.newerOfTurn = newer;
    if (newer === undefined) turn.lastCall = older;
    else newer.olderOfTurn = older;
    this.turn = undefined;
    this.olderOfTurn = undefined;
    this.newerOfTurn = undefined;
  }

  /** Tells the caller. Called once. */
  abstract settle(ending: Ending, cause?: unknown): void;

  /** Takes one element of a stream of replies. */
  abstract chunk(content: ContentBytes): void;

  wait(): void {
    // What counts the time while it waits is its deadline.
  }

  leave(): void {
    this.registry.depart(this);
  }

  expire(): void {
    this.registry.expired(this);
  }

  /** The caller's signal has fired. */
  handleEvent(): void {
    this.registry.cancelled(this, this.signal?.reason);
  }
}
