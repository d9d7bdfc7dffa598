import { type Failure, failure, isAgentType, isTopicType, quote } from "@agentmesh/proto";
import type { Subscription } from "@agentmesh/proto/agentmesh/v1";
import type { DurableSubscriptions } from "../delivery/durable-subscriptions.ts";
import type { DurableSubscription } from "../model/durable-subscription.ts";
import type { TopicMatch } from "../model/topic-match.ts";

/** What stands for a field of `DurableOptions` that is 0. `directory.proto` tells the same. */
const DEFAULT_TERMS = {
  maxAttempts: 5,
  backoffMs: 200,
  maxRetryMs: 30_000,
  retentionMs: 7 * 24 * 3_600_000,
} as const;

/** A durable subscription as a worker declared it. */
interface Declaration {
  readonly subscription: DurableSubscription;
  /** Whether it replaces the options of one with this name. */
  readonly update: boolean;
}

/** Which topics a message means. @returns why it is not allowed. */
export function matchOf({ match }: Subscription): TopicMatch | Failure {
  if (match === undefined)
    return failure("INVALID_ARGUMENT", "a subscription names a topic type or a prefix");
  const kind = match.$case === "topicType" ? "exact" : "prefix";
  const isValid = kind === "prefix" && match.value === "" ? true : isTopicType(match.value);
  if (isValid) return { kind, text: match.value };
  return failure("INVALID_ARGUMENT", `topic type ${quote(match.value)} breaks the grammar`);
}

/** The durable subscription of a message that has options for it. @returns why it is not allowed. */
function declarationOf(message: Subscription, namespace: string): Declaration | Failure {
  const { agentType, durable } = message;
  const match = matchOf(message);
  if ("code" in match) return match;
  if (!isAgentType(agentType))
    return failure("INVALID_ARGUMENT", `agent type ${quote(agentType)} breaks the grammar`);
  const name = durable?.name ?? "";
  if (!isAgentType(name)) {
    const text = `durable subscription ${quote(name)} needs a name of 1–128 word characters, dots and hyphens`;
    return failure("INVALID_ARGUMENT", text);
  }
  const terms = {
    maxAttempts: durable?.maxAttempts || DEFAULT_TERMS.maxAttempts,
    backoffMs: durable?.backoffMs || DEFAULT_TERMS.backoffMs,
    maxRetryMs: durable?.maxRetryMs || DEFAULT_TERMS.maxRetryMs,
    retentionMs: durable?.retentionMs || DEFAULT_TERMS.retentionMs,
  };
  const subscription = { namespace, name, match, agentType, terms };
  return { subscription, update: durable?.update ?? false };
}

/** Whether the subscription outlives the session that declares it. */
export function isDurable({ durable }: Subscription): boolean {
  return durable !== undefined;
}

/** Declares the durable subscription of a message. @returns why not. */
export async function declareDurable(
  subscriptions: DurableSubscriptions,
  message: Subscription,
  namespace: string,
): Promise<Failure | undefined> {
  const declaration = declarationOf(message, namespace);
  if ("code" in declaration) return declaration;
  return subscriptions.declare(declaration.subscription, declaration.update);
}
