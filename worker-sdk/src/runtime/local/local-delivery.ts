import type { AgentId } from "@agentmesh/proto";
import type { PublishFrame, SendFrame } from "@agentmesh/proto/wire";

/** An agent that is active in this process. */
export interface LocalAgent {
  readonly id: AgentId;
  /** Its activation. */
  readonly number: number;
  /** Deliveries that are not answered. */
  inFlight: number;
}

/** A message handed to one agent, until its turn has ended. */
export interface LocalDelivery {
  readonly number: number;
  /** Id of the message. */
  readonly id: number;
  readonly agent: LocalAgent;
  readonly sender: AgentId | undefined;
  readonly frame: SendFrame | PublishFrame;
  /** The delivery in whose turn it was sent; undefined when it starts a chain. */
  readonly parent: LocalDelivery | undefined;
  /** Sends above it in its chain. */
  readonly depth: number;
  readonly attempt: number;
}

/** The send for which `target` waits and of which `delivery` is a descendant, itself included; 0 when there is none. */
export function reenteredRequest(delivery: LocalDelivery, target: LocalAgent): number {
  let descendant = delivery;
  for (let above = delivery.parent; above !== undefined; above = above.parent) {
    if (descendant.frame.kind !== "send") return 0;
    if (above.agent === target) return descendant.frame.request;
    descendant = above;
  }
  return 0;
}
