import type { AgentId, Failure, TopicId } from "@agentmesh/proto";

/** What names one dead letter: two letters never agree in all of it. */
export interface DeadLetterName {
  /** Namespace that the message belongs to. */
  readonly namespace: string;
  /** Id of the call or event. */
  readonly id: number;
  /** Agent that it was for. */
  readonly target: AgentId;
  /** Name of the durable subscription; empty for an ephemeral one and for a send. */
  readonly subscription: string;
}

/** A message that could not be handled, parked with its reason. One event may leave several: one per agent. */
export interface DeadLetter extends DeadLetterName {
  /** Agent that sent it; undefined when none did. */
  readonly sender: AgentId | undefined;
  /** Topic of an event; undefined for a send. */
  readonly topic: TopicId | undefined;
  /** What failed last, with the stack where it is known. */
  readonly failure: Failure;
  /** Attempts that were made. */
  readonly attempts: number;
  /** Workers that were lost while they handled it. */
  readonly crashes: number;
  /** When it was first delivered, in milliseconds since 1970; 0 for a send, and where it never was or is not known. */
  readonly firstDeliveredUnixMs: number;
  /** When it was last delivered, in milliseconds since 1970; 0 in the same cases. */
  readonly lastDeliveredUnixMs: number;
  /** When the host accepted the message, in milliseconds since 1970. */
  readonly acceptedUnixMs: number;
  /** When it was parked, in milliseconds since 1970. */
  readonly parkedUnixMs: number;
  /** Type of the message. */
  readonly messageType: string;
  /** Size of the payload in bytes. */
  readonly payloadBytes: number;
  /** Trace id of its W3C trace context; empty without tracing. */
  readonly traceId: string;
  /** The message: an encoded agentmesh.v1.Content. A copy of its own, not a view of a batch. Empty when it is lost. */
  readonly content: Uint8Array;
  /** How often it was replayed and failed again. */
  readonly replays: number;
  /** Agent that it is on its way to, being replayed; undefined while it is parked. */
  readonly replayTarget: AgentId | undefined;
}
