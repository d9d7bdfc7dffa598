import type { AgentId, Failure, TopicId } from "@agentmesh/proto";

/** A message that could not be handled, parked with its reason. One event may leave several: one per agent. */
export interface DeadLetter {
  /** Id of the call or event. */
  readonly id: number;
  /** Namespace that the message belongs to. */
  readonly namespace: string;
  /** Agent that it was for. */
  readonly target: AgentId;
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
  /** Name of the durable subscription; empty for an ephemeral one and for a send. */
  readonly subscription: string;
  /** Type of the message. */
  readonly messageType: string;
  /** Size of the payload in bytes. */
  readonly payloadBytes: number;
  /** The message: an encoded agentmesh.v1.Content. A copy of its own, not a view of a batch. */
  readonly content: Uint8Array;
}
