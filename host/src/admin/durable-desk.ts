/** Durable subscriptions: how far each is, and their end. */
import { MeshError } from "@agentmesh/proto";
import type {
  DurableSubscription as DurableSubscriptionMessage,
  EndDurableSubscriptionRequest,
  EndDurableSubscriptionResponse,
  ListDurableSubscriptionsRequest,
  ListDurableSubscriptionsResponse,
  Subscription,
} from "@agentmesh/proto/agentmesh/v1";
import type { DurableFeed } from "../delivery/durable-feed.ts";
import type { DurableSubscriptions } from "../delivery/durable-subscriptions.ts";
import type { Namespace } from "../delivery/namespace.ts";
import { type DurableSubscription, pastThrough } from "../model/durable-subscription.ts";
import { ONLY_PARTITION, type Store } from "../store/ports.ts";
import { pageByName } from "./page.ts";

/** Events, and dead letters, of one subscription that are counted. */
const COUNTED = 10_000;

/** Durable subscriptions in the order of their names. They are looked at one by one: commits go between. */
export async function listDurableSubscriptions(
  store: Store,
  namespace: Namespace,
  request: ListDurableSubscriptionsRequest,
): Promise<ListDurableSubscriptionsResponse> {
  const all = namespace.durable.all();
  const { entries, nextCursor } = pageByName(all, ({ subscription }) => subscription.name, request);
  const subscriptions: DurableSubscriptionMessage[] = [];
  for (const feed of entries) subscriptions.push(await standingOf(store, feed));
  return { subscriptions, nextCursor };
}

/** Ends one for good. @throws MeshError `SUBSCRIPTION_UNKNOWN`, `STORE_UNAVAILABLE`. */
export async function endDurableSubscription(
  durable: DurableSubscriptions,
  namespace: string,
  { name }: EndDurableSubscriptionRequest,
): Promise<EndDurableSubscriptionResponse> {
  const refusal = await durable.end(namespace, name);
  if (refusal !== undefined) throw new MeshError(refusal);
  return {};
}

async function standingOf(store: Store, feed: DurableFeed): Promise<DurableSubscriptionMessage> {
  const { subscription, position } = feed;
  const { namespace, name, match } = subscription;
  const past = pastThrough(position);
  const through = await store.events.last(ONLY_PARTITION);
  const query = { namespace, match, through };
  const unread = await store.events.count(ONLY_PARTITION, {
    ...query,
    after: position.through,
    limit: COUNTED,
  });
  const { events } = await store.events.read(ONLY_PARTITION, { ...query, after: past, limit: 1 });
  return {
    subscription: subscriptionMessage(subscription),
    position: past,
    backlog: position.open.length + unread.count,
    // What agents that are behind have left in the log is not counted.
    backlogCut: unread.isCut || position.behind.length > 0,
    open: position.open.length,
    oldestUnixMs: events[0]?.event.acceptedUnixMs ?? 0,
    deadLetters: await store.deadLetters.countOf(namespace, name, COUNTED),
  };
}

function subscriptionMessage({ name, match, agentType, terms }: DurableSubscription): Subscription {
  const $case = match.kind === "exact" ? "topicType" : "topicTypePrefix";
  return {
    id: "",
    match: { $case, value: match.text },
    agentType,
    durable: { name, ...terms, update: false },
  };
}
