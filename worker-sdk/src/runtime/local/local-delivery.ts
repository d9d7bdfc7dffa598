import type { AgentId } from "@agentmesh/proto";
import type { EventTarget, PublishFrame, SendFrame } from "@agentmesh/proto/wire";

/** An agent that is active in this process. */
export interface LocalAgent {
  readonly id: AgentId;
  /** Its activation. */
  readonly number: number;
  /** Deliveries that are not answered. */
  inFlight: number;
}

/** A message on its way. */
export interface LocalMessage<Frame> {
  /** Its id, the same over all attempts. */
  readonly id: number;
  readonly frame: Frame;
  readonly sender: AgentId | undefined;
  /** The delivery in whose turn it was sent; undefined when it starts a chain. */
  readonly parent: LocalDelivery | undefined;
}

/** A message handed to one agent, until its turn has ended. */
export interface LocalDelivery extends LocalMessage<SendFrame | PublishFrame> {
  readonly number: number;
  readonly agent: LocalAgent;
  readonly attempt: number;
  /** When it was first handed to the agent, in milliseconds since 1970. */
  readonly openedUnixMs: number;
}

/** Sends above a message in its chain. */
export function depthOf(parent: LocalDelivery | undefined): number {
  let depth = 0;
  for (let above = parent; above !== undefined; above = above.parent) depth++;
  return depth;
}

/**
 * The request for which `target` waits and of which a send made in the turn of `parent` is a descendant, itself
 * included; 0 when there is none.
 */
export function reenteredRequest(
  request: number,
  parent: LocalDelivery | undefined,
  target: LocalAgent,
): number {
  let descendant = request;
  for (let above = parent; above !== undefined; above = above.parent) {
    if (above.agent === target) return descendant;
    if (above.frame.kind !== "send") return 0;
    descendant = above.frame.request;
  }
  return 0;
}

/** An event's delivery as its receiver is told of it. */
export function targetOf(delivery: LocalDelivery): EventTarget {
  return {
    delivery: delivery.number,
    activation: delivery.agent.number,
    agent: delivery.agent.id,
    attempt: delivery.attempt,
    lane: 0,
    durable: false,
    firstDeliveredUnixMs: delivery.attempt > 1 ? delivery.openedUnixMs : 0,
    redelivered: false,
  };
}
