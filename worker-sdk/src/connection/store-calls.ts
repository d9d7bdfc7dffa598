/** The part of AdminService that is about what a host keeps: replays, durable subscriptions, backups. */
import {
  BackUpRequest,
  BackUpResponse,
  EndDurableSubscriptionRequest,
  EndDurableSubscriptionResponse,
  ListDurableSubscriptionsRequest,
  ListDurableSubscriptionsResponse,
  ReplayDeadLettersRequest,
  ReplayDeadLettersResponse,
} from "@agentmesh/proto/agentmesh/v1";
import { ask, type DeadLetterFilter, filterMessage, PAGE, paged } from "./admin-calls.ts";
import {
  type DurableSubscriptionInfo,
  durableInfo,
  type ReplayRefusal,
  type ReplayResult,
  replayRefusal,
} from "./admin-records.ts";
import type { CallBounds, HostCalls } from "./host-calls.ts";

/** Where to deliver dead letters: an agent, or without `key` the agents of a type with the original keys. */
export interface ReplayTarget {
  /** Type of the agents. */
  readonly type: string;
  /** Key of the agent. Default: that of the agent for which each dead letter was. */
  readonly key?: string;
}

/** Sends dead letters on their way again, slice by slice. */
export async function replayDeadLetters(
  calls: HostCalls,
  bounds: CallBounds,
  filter: DeadLetterFilter,
  to: ReplayTarget | undefined,
): Promise<ReplayResult> {
  const target = to && { type: to.type, key: to.key ?? "" };
  const refused: ReplayRefusal[] = [];
  let [replayed, cursor] = [0, ""];
  do {
    const wanted = { filter: filterMessage(filter), target, limit: PAGE, cursor };
    const request = ReplayDeadLettersRequest.encode(wanted);
    const response = ReplayDeadLettersResponse;
    const slice = await ask(calls, bounds, "ReplayDeadLetters", request, response);
    replayed += slice.replayed;
    refused.push(...slice.refusals.map(replayRefusal));
    cursor = slice.nextCursor;
  } while (cursor !== "");
  return { replayed, refused };
}

/** Lists the durable subscriptions of a namespace. */
export function listDurable(
  calls: HostCalls,
  bounds: CallBounds,
): AsyncGenerator<DurableSubscriptionInfo> {
  return paged(async (cursor) => {
    const request = ListDurableSubscriptionsRequest.encode({ cursor, limit: PAGE });
    const response = ListDurableSubscriptionsResponse;
    const page = await ask(calls, bounds, "ListDurableSubscriptions", request, response);
    return { entries: page.subscriptions.map(durableInfo), nextCursor: page.nextCursor };
  });
}

/** Ends a durable subscription for good. */
export async function endDurable(
  calls: HostCalls,
  bounds: CallBounds,
  name: string,
): Promise<void> {
  const request = EndDurableSubscriptionRequest.encode({ name });
  await ask(calls, bounds, "EndDurableSubscription", request, EndDurableSubscriptionResponse);
}

/** Copies what the host keeps into a folder of its machine. */
export async function backUp(calls: HostCalls, bounds: CallBounds, folder: string): Promise<void> {
  await ask(calls, bounds, "BackUp", BackUpRequest.encode({ folder }), BackUpResponse);
}
