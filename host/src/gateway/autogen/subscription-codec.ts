import type { Subscription } from "@agentmesh/proto/agentmesh/v1";
import type { AutogenSubscription } from "@agentmesh/proto/agents";

/** What a subscription says, apart from its id: equal ones have the same. Undefined when it says nothing. */
export function patternOf(subscription: AutogenSubscription | undefined): string | undefined {
  const { id: _id, ...said } = toMeshSubscription(subscription ?? NOTHING);
  return said.match === undefined ? undefined : JSON.stringify([said.match, said.agentType]);
}

/** A subscription as the registrations of a session take it. */
export function toMeshSubscription({ id, subscription }: AutogenSubscription): Subscription {
  switch (subscription?.$case) {
    case undefined:
      return { id, match: undefined, agentType: "", durable: undefined };
    case "typeSubscription": {
      const { topicType: value, agentType } = subscription.value;
      return { id, match: { $case: "topicType", value }, agentType, durable: undefined };
    }
    case "typePrefixSubscription": {
      const { topicTypePrefix: value, agentType } = subscription.value;
      return { id, match: { $case: "topicTypePrefix", value }, agentType, durable: undefined };
    }
  }
}

const NOTHING: AutogenSubscription = { id: "", subscription: undefined };
