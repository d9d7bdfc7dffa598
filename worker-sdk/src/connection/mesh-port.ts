/**
 * The two ports between a runtime and what carries its messages: a mesh, or the memory of this process. Both speak in
 * the frames of the protocol, so that a runtime cannot tell the one from the other.
 *
 * P1. Frames keep their order in either direction.
 * P2. The downlink is called from the event loop, never from within a call of the uplink; only `flow` may be.
 */
import type { ErrorCode, Failure } from "@agentmesh/proto";
import type {
  AcceptedFrame,
  ChunkFrame,
  DeliverFrame,
  EventFrame,
  PublishFrame,
  ReplyChunkFrame,
  ResultFrame,
  SendFrame,
  StreamCreditFrame,
  TurnEndFrame,
} from "@agentmesh/proto/wire";
import type { MessageSchema } from "../messages/message-schema.ts";

/** How the way to the mesh is. */
export type LinkStatus =
  /** There is no session yet. */
  | {
      readonly kind: "connecting";
      /** Why the latest attempt failed; undefined before the first. */
      readonly reason: string | undefined;
    }
  /** There is a session. */
  | {
      readonly kind: "connected";
      /** Identity of the host's process. */
      readonly hostId: string;
      /** `host:port` of the host. */
      readonly address: string;
      /** Whether nothing was lost since the connection before. */
      readonly resumed: boolean;
    }
  /** The connection broke. Turns go on, and nobody notices when it is back soon. */
  | {
      readonly kind: "suspended";
      /** How it broke. */
      readonly reason: string;
    }
  /** It has been broken for so long that others may have taken the agents over; no turn starts. */
  | {
      readonly kind: "lapsed";
      /** How it broke. */
      readonly reason: string;
    };

/** A message type that an agent type handles, as others are told of it. */
export interface HandledMessage {
  readonly messageType: string;
  /** Name of the reply's type; empty when the handler replies nothing. */
  readonly replyType: string;
  readonly replyStream: boolean;
  /** Tells what the message looks like; asked when it is announced. Undefined when only its name is known. */
  describe(): MessageSchema | undefined;
}

/** An agent type as others are told of it. */
export interface AnnouncedType {
  readonly name: string;
  readonly description: string;
  readonly handles: readonly HandledMessage[];
  /** Deliveries in flight to one agent; 0 uses the host's default. */
  readonly agentWindow: number;
  /** Milliseconds after which a turn is abandoned; 0 uses the host's default. */
  readonly maxTurnMs: number;
  /** Turns of one agent that may run at the same time. */
  readonly concurrency: number;
}

/** Which topics: one type, or all types with a prefix. */
export type AnnouncedPattern = { readonly type: string } | { readonly typePrefix: string };

/** What makes a subscription durable; 0 uses the host's default. */
export interface AnnouncedDurable {
  readonly name: string;
  readonly maxAttempts: number;
  readonly backoffMs: number;
  readonly maxRetryMs: number;
  readonly retentionMs: number;
  readonly update: boolean;
}

/** A subscription as others are told of it. */
export interface AnnouncedSubscription {
  readonly id: string;
  readonly pattern: AnnouncedPattern;
  readonly agentType: string;
  /** Undefined when it ends with the session. */
  readonly durable: AnnouncedDurable | undefined;
}

/** An agent that is alive in this runtime. */
export interface LiveActivation {
  readonly number: number;
  readonly type: string;
  readonly key: string;
}

/** What a host that does not know this runtime is told of it. */
export interface Announcement {
  readonly types: readonly AnnouncedType[];
  readonly subscriptions: readonly AnnouncedSubscription[];
  readonly activations: readonly LiveActivation[];
}

/** What the mesh allows. */
export interface MeshLimits {
  /** Largest content in bytes. */
  readonly maxPayloadBytes: number;
  /** Sends and publishes without ancestors that may be unsettled. */
  readonly requestWindow: number;
  /** Bytes of their content. */
  readonly requestWindowBytes: number;
  /** Milliseconds that a send without timeout gets. */
  readonly timeoutMs: number;
}

/** How a new session begins for a runtime that had one before. */
export interface Renewal {
  /** Numbers of the activations that go on. */
  readonly adopted: readonly number[];
  /** Place of the last frame of the earlier session that has left this process. */
  readonly leftThrough: number;
}

/** From the runtime to the mesh. */
export interface Uplink {
  /**
   * Until when the mesh leaves this runtime its agents, on the clock, if it hears nothing more: no turn may start later,
   * also when no timer could say so yet because the process was stopped.
   */
  readonly contactUntil: number;
  /** @returns the frame's place among those of the session; it grows. */
  send(frame: SendFrame): number;
  /** @returns the frame's place among those of the session; it grows. */
  publish(frame: PublishFrame): number;
  turnEnd(frame: TurnEndFrame): void;
  /** Ends the delivery of an event that was handled. */
  done(activation: number, delivery: number): void;
  replyChunk(frame: ReplyChunkFrame): void;
  /** Lets a stream of replies to `request` go on. */
  streamCredit(request: number, chunks: number, bytes: number): void;
  cancel(request: number): void;
  /** Offers activations for deactivation. */
  idle(activations: readonly number[]): void;
  /** Gives back deliveries that were not started. */
  release(deliveries: readonly number[]): void;
  // These wait for the mesh to carry out what it was told. They reject with the reason of `signal` when that fires; when
  // it has fired before, the mesh is told all the same.
  register(type: AnnouncedType, signal: AbortSignal): Promise<void>;
  unregister(name: string, signal: AbortSignal): Promise<void>;
  subscribe(subscription: AnnouncedSubscription, signal: AbortSignal): Promise<void>;
  unsubscribe(id: string, signal: AbortSignal): Promise<void>;
  /** Ends a durable subscription, whoever declared it. */
  endDurable(name: string, signal: AbortSignal): Promise<void>;
  /** Asks to be given nothing new; resolves when the last agent has left. */
  drain(): Promise<void>;
  /** Leaves the mesh. Idempotent. */
  close(): Promise<void>;
}

/** From the mesh to the runtime. */
export interface Downlink {
  deliver(frame: DeliverFrame): void;
  event(frame: EventFrame): void;
  result(frame: ResultFrame): void;
  accepted(frame: AcceptedFrame): void;
  refused(sequence: number, failure: Failure): void;
  chunk(frame: ChunkFrame): void;
  /** Lets the stream of replies of a delivery go on. */
  streamCredit(frame: StreamCreditFrame): void;
  cancelDelivery(delivery: number, reason: ErrorCode): void;
  deactivate(activations: readonly number[]): void;
  /** What the mesh allows from now on. */
  limits(limits: MeshLimits): void;
  /** Replaces the windows among the limits. */
  windows(requestWindow: number, requestWindowBytes: number): void;
  /** Whether work without ancestors may leave; it waits otherwise. At first it may not. */
  flow(isOpen: boolean): void;
  /** What to tell a host that does not know this runtime. */
  announce(): Announcement;
  /** There was no contact for so long that others may take the agents over: no turn starts, running ones are told. */
  lapsed(): void;
  /**
   * The session goes on. Every activation up to `lapsedThrough` has ended meanwhile. While the mesh repeats what was sent
   * before, no turn starts: the end of that may take back what its beginning asks for.
   */
  resumed(lapsedThrough: number, isReplaying: boolean): void;
  /** Everything that was sent before has been repeated. */
  replayed(): void;
  /** A new session has begun; what the earlier one had in flight is lost. */
  renewed(start: Renewal): void;
  /** The way to the mesh has changed. */
  status(status: LinkStatus): void;
  /** The mesh is gone for good. */
  closed(reason: Failure): void;
}

/** Makes the mesh for a runtime. */
export type Connect = (runtime: Downlink) => Uplink;

/** Gets between a runtime and its mesh: hands `connect` a port of its own, and returns one. */
export type Tap = (runtime: Downlink, connect: Connect) => Uplink;

/** Nothing in between. */
export const NO_TAP: Tap = (runtime, connect) => connect(runtime);
