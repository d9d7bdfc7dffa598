/** The part of AdminService that is about what a host keeps: replays, durable subscriptions, backups. */
import {
  type AgentIdMessage,
  BackUpRequest,
  BackUpResponse,
  EndDurableSubscriptionRequest,
  EndDurableSubscriptionResponse,
  ListDurableSubscriptionsRequest,
  ListDurableSubscriptionsResponse,
  ReplayDeadLettersRequest,
  ReplayDeadLettersResponse,
} from "@agentmesh/proto/agentmesh/v1";
import { ask, filterMessage, type LetterFilter, type Page, type PageQuery } from "./admin-calls.ts";
import type { Channel } from "./channel.ts";
import { type DurableRecord, durableRecord, type RefusalRecord, refusalRecord } from "./records.ts";

/** Letters of one slice. */
const SLICE = 1_000;
/** A copy takes as long as the disk needs. */
const BACKUP_TIMEOUT_MS = 86_400_000;

/** What has become of letters that were to be replayed. */
export interface ReplayResult {
  /** Letters that are on their way. */
  readonly replayed: number;
  readonly refused: readonly RefusalRecord[];
}

/** Sends dead letters on their way again, slice by slice; without `target` to the agents that they were for. */
export async function replayDeadLetters(
  channel: Channel,
  filter: LetterFilter,
  target: AgentIdMessage | undefined,
): Promise<ReplayResult> {
  const refused: RefusalRecord[] = [];
  let [replayed, cursor] = [0, ""];
  do {
    const wanted = { filter: filterMessage(filter), target, limit: SLICE, cursor };
    const request = ReplayDeadLettersRequest.encode(wanted);
    const slice = await ask(channel, "ReplayDeadLetters", request, ReplayDeadLettersResponse);
    replayed += slice.replayed;
    refused.push(...slice.refusals.map(refusalRecord));
    cursor = slice.nextCursor;
  } while (cursor !== "");
  return { replayed, refused };
}

/** Durable subscriptions, by name. */
export async function listDurable(
  channel: Channel,
  query: PageQuery,
): Promise<Page<DurableRecord>> {
  const request = ListDurableSubscriptionsRequest.encode(query);
  const response = ListDurableSubscriptionsResponse;
  const page = await ask(channel, "ListDurableSubscriptions", request, response);
  return { entries: page.subscriptions.map(durableRecord), nextCursor: page.nextCursor };
}

/** Ends a durable subscription for good. */
export async function endDurable(channel: Channel, name: string): Promise<void> {
  const request = EndDurableSubscriptionRequest.encode({ name });
  await ask(channel, "EndDurableSubscription", request, EndDurableSubscriptionResponse);
}

/** Copies what the host keeps into a folder of its machine. */
export async function backUp(channel: Channel, folder: string): Promise<void> {
  const request = BackUpRequest.encode({ folder });
  await ask(channel, "BackUp", request, BackUpResponse, BACKUP_TIMEOUT_MS);
}
