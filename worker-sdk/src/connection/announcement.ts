import type { Activation, AgentType, Subscription } from "@agentmesh/proto/agentmesh/v1";
import type { AnnouncedSubscription, AnnouncedType, LiveActivation } from "./mesh-port.ts";

const NO_SCHEMA = Buffer.alloc(0);

/** An agent type as the wire carries it. */
export function toAgentType(type: AnnouncedType): AgentType {
  return {
    name: type.name,
    description: type.description,
    handles: type.handles.map((handled) => ({ ...handled, schemaType: "", schema: NO_SCHEMA })),
    agentWindow: type.agentWindow,
    maxTurnMs: type.maxTurnMs,
  };
}

/** A subscription as the wire carries it. */
export function toSubscription({ id, pattern, agentType }: AnnouncedSubscription): Subscription {
  const match: Subscription["match"] =
    "type" in pattern
      ? { $case: "topicType", value: pattern.type }
      : { $case: "topicTypePrefix", value: pattern.typePrefix };
  return { id, match, agentType, durable: undefined };
}

/** A live activation as the wire carries it. */
export function toActivation({ number, type, key }: LiveActivation): Activation {
  return { number, agent: { type, key } };
}
