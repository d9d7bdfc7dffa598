/**
 * The frames as both ends use them. Those that travel with every message are plain objects with the content as opaque
 * bytes; the rest are `control` frames in the generated types. Field meanings are those of the .proto files.
 */
import type {
  HostFrame as HostFrameMessage,
  WorkerFrame as WorkerFrameMessage,
} from "../../gen/agentmesh/v1/gateway.ts";
import type { Failure } from "../errors/failure.ts";
import type { AgentId } from "../identity/agent-id.ts";
import type { TopicId } from "../identity/topic-id.ts";

/** The bytes of an encoded Content. */
export type ContentBytes = Uint8Array;

/** How a send or a delivery ended: a reply, nothing (`undefined`), or a failure. */
export type Ending =
  | { readonly kind: "reply"; readonly content: ContentBytes }
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly failure: Failure };

/** Handled, with no reply. */
export const DONE: Ending = { kind: "done" };

export interface SendFrame {
  readonly kind: "send";
  readonly request: number;
  readonly target: AgentId;
  readonly timeoutMs: number;
  readonly content: ContentBytes;
  readonly activation: number;
  readonly parent: number;
  readonly streamChunks: number;
  readonly streamBytes: number;
}

export interface PublishFrame {
  readonly kind: "publish";
  readonly sequence: number;
  readonly topic: TopicId;
  readonly content: ContentBytes;
  readonly activation: number;
  readonly parent: number;
  readonly delayMs: number;
  readonly dedupId: string;
  readonly resent: boolean;
}

/** Not handled now: to be delivered again later. `counted` when its handler asked for that. */
export interface Postponed {
  readonly kind: "postponed";
  readonly delayMs: number;
  readonly counted: boolean;
}

export interface TurnEndFrame {
  readonly kind: "turn-end";
  readonly delivery: number;
  readonly activation: number;
  readonly ending: Ending | Postponed;
  readonly permanent: boolean;
  readonly publishes: readonly PublishFrame[];
  /** True when the frame carries a state change, which needs the feature `state`. */
  readonly state: boolean;
}

export interface DoneFrame {
  readonly kind: "done";
  readonly activation: number;
  readonly deliveries: readonly number[];
}

export interface ReplyChunkFrame {
  readonly kind: "reply-chunk";
  readonly delivery: number;
  readonly activation: number;
  readonly content: ContentBytes;
}

export interface StreamCreditFrame {
  readonly kind: "stream-credit";
  /** Request number from the worker, delivery number from the host. */
  readonly stream: number;
  readonly chunks: number;
  readonly bytes: number;
}

export interface CancelFrame {
  readonly kind: "cancel";
  readonly request: number;
}

export type WorkerControl = NonNullable<WorkerFrameMessage["kind"]>;
export type HostControl = NonNullable<HostFrameMessage["kind"]>;

/** A frame without its own shape here. `skippable` frames of unknown kind are dropped while reading. */
export interface ControlFrame<Control> {
  readonly kind: "control";
  readonly control: Control;
}

export type WorkerFrame =
  | SendFrame
  | PublishFrame
  | TurnEndFrame
  | DoneFrame
  | ReplyChunkFrame
  | StreamCreditFrame
  | CancelFrame
  | ControlFrame<WorkerControl>;

export interface DeliverFrame {
  readonly kind: "deliver";
  readonly delivery: number;
  readonly activation: number;
  readonly target: AgentId;
  readonly content: ContentBytes;
  readonly sender: AgentId | undefined;
  readonly timeoutMs: number;
  readonly id: number;
  readonly attempt: number;
  readonly reenters: number;
  readonly streamChunks: number;
  readonly streamBytes: number;
}

export interface EventTarget {
  readonly delivery: number;
  readonly activation: number;
  readonly agent: AgentId;
  readonly attempt: number;
  readonly lane: number;
  readonly durable: boolean;
  readonly firstDeliveredUnixMs: number;
  readonly redelivered: boolean;
}

export interface EventFrame {
  readonly kind: "event";
  readonly id: number;
  readonly topic: TopicId;
  readonly content: ContentBytes;
  readonly sender: AgentId | undefined;
  readonly targets: readonly EventTarget[];
  readonly resent: boolean;
  readonly acceptedUnixMs: number;
}

export interface ResultFrame {
  readonly kind: "result";
  readonly request: number;
  readonly ending: Ending;
}

export interface AcceptedFrame {
  readonly kind: "accepted";
  readonly sequences: readonly number[];
}

export interface ChunkFrame {
  readonly kind: "chunk";
  readonly request: number;
  readonly content: ContentBytes;
}

export interface CancelDeliveryFrame {
  readonly kind: "cancel-delivery";
  readonly delivery: number;
  /** Number of the error code. */
  readonly reason: number;
}

export type HostFrame =
  | DeliverFrame
  | EventFrame
  | ResultFrame
  | AcceptedFrame
  | ChunkFrame
  | StreamCreditFrame
  | CancelDeliveryFrame
  | ControlFrame<HostControl>;

/** A batch of either direction, decoded. */
export interface Batch<Frame> {
  /** Number of the first frame; 0 when the batch is not numbered. */
  readonly firstNumber: number;
  /** What the peer has received. */
  readonly receivedThrough: number;
  readonly frames: readonly Frame[];
  /** Frames in the batch, counting those that were skipped as unknown. */
  readonly count: number;
  /** Positions in the batch, from 0, of the frames that were skipped as unknown. */
  readonly skipped: readonly number[];
}
