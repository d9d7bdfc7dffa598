import type { AgentId, TopicId } from "@agentmesh/proto";
import type { ContentBytes } from "@agentmesh/proto/wire";

/** A published message. */
export interface PublishedEvent {
  readonly id: number;
  readonly topic: TopicId;
  readonly content: ContentBytes;
  /** The agent that published it. */
  readonly sender: AgentId | undefined;
  /** An earlier life of the host may have delivered it already. */
  readonly resent: boolean;
  readonly acceptedUnixMs: number;
}

/** A published message on its way, shared by all its deliveries. */
export interface MeshEvent extends PublishedEvent {
  /** Replaced by a copy of its own when the event has to wait, so that it does not hold on to a whole batch. */
  content: ContentBytes;
  /** How many of its deliveries wait. */
  waiting: number;
  /** How many are in flight. */
  inFlight: number;
}
