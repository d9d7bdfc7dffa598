import { type Failure, failure, meshError } from "@agentmesh/proto";
import type { Agent } from "../delivery/agent.ts";
import type { CallDelivery, CallOrigin, Delivery } from "../delivery/delivery.ts";
import type { Worker } from "../delivery/worker.ts";

/** Who sends or publishes, as far as the host can vouch for it. */
export interface Origin {
  /** The agent; undefined when no agent sends. */
  readonly agent: Agent | undefined;
  /** The delivery in whose turn it does; undefined outside of any turn. */
  readonly parent: Delivery | undefined;
}

/** No agent, no turn. */
const OUTSIDE: Origin = { agent: undefined, parent: undefined };

/**
 * Checks in whose name a frame comes: the activation must live on the session that sends.
 * @returns the failure `ACTIVATION_STALE` when the activation has ended.
 * @throws MeshError `FORBIDDEN` when it lives on another session: nobody speaks as someone else.
 */
export function originOf(
  worker: Worker | undefined,
  activation: number,
  parent: number,
): Origin | Failure {
  if (activation === 0 && parent === 0) return OUTSIDE;
  if (worker === undefined) return failure("ACTIVATION_STALE");
  const { namespace } = worker;
  const agent = namespace.roster.get(activation);
  if (agent === undefined && !namespace.isTaken(activation)) return failure("ACTIVATION_STALE");
  if (agent?.worker !== worker) {
    throw meshError("FORBIDDEN", `activation ${activation} belongs to another session`);
  }
  if (parent === 0) return { agent, parent: undefined };
  const delivery = worker.inFlight.get(parent);
  // A turn that has ended cannot be waited for: what it still sends starts a new chain.
  return { agent, parent: delivery?.activation === activation ? delivery : undefined };
}

/**
 * The send of the target's own session for which the target waits and of which `call` is a descendant, itself
 * included: then the call enters the waiting turn. 0 when there is none.
 */
export function reenteredRequest(call: CallDelivery, target: Agent): number {
  let ancestor: Delivery | undefined = call;
  while (ancestor?.kind === "call") {
    const origin: CallOrigin = ancestor.origin;
    if (
      origin.senderActivation === target.activation &&
      origin.parent !== undefined &&
      !ancestor.settled
    ) {
      return origin.request;
    }
    ancestor = origin.parent;
  }
  return 0;
}
