/** AdminService as the commands use it: requests out, records in that people and programs can read. */
import { type AgentId, ERROR_TABLE, type ErrorCode } from "@agentmesh/proto";
import {
  DrainHostRequest,
  DrainWorkerRequest,
  GetDeadLetterRequest,
  GetDeadLetterResponse,
  GetStatusRequest,
  GetStatusResponse,
  ListAgentsRequest,
  ListAgentsResponse,
  ListAgentTypesRequest,
  ListAgentTypesResponse,
  ListDeadLettersRequest,
  ListDeadLettersResponse,
  ListSubscriptionsRequest,
  ListSubscriptionsResponse,
  ListWorkersRequest,
  ListWorkersResponse,
  PurgeDeadLettersRequest,
  PurgeDeadLettersResponse,
  TailRequest,
  TailResponse,
  type WireErrorCode,
} from "@agentmesh/proto/agentmesh/v1";
import type { Channel } from "./channel.ts";
import {
  type AgentRecord,
  type AgentTypeRecord,
  agentRecord,
  agentTypeRecord,
  type DeadLetterRecord,
  deadLetterRecord,
  type SightingRecord,
  type SubscriptionRecord,
  sightingRecord,
  subscriptionRecord,
  type WorkerRecord,
  workerRecord,
} from "./records.ts";

/** How a host is. */
export type HostStatus = Readonly<GetStatusResponse>;

/** A part of a list. */
export interface Page<Entry> {
  readonly entries: readonly Entry[];
  /** Where the next part starts; empty after the last. */
  readonly nextCursor: string;
}

/** What to list from where, and how much of it at most. */
export interface PageQuery {
  readonly cursor: string;
  readonly limit: number;
}

/** Which dead letters; what is undefined selects all. */
export interface LetterFilter {
  readonly agentType: string | undefined;
  readonly agentKey: string | undefined;
  readonly topicType: string | undefined;
  readonly code: ErrorCode | undefined;
  readonly sinceUnixMs: number | undefined;
  readonly untilUnixMs: number | undefined;
  readonly subscription: string | undefined;
  readonly ids: readonly number[];
}

/** Which sightings; what is undefined selects all. */
export interface TailFilter {
  readonly agentType: string | undefined;
  readonly agentKey: string | undefined;
  readonly topicType: string | undefined;
  readonly sessionId: string | undefined;
  readonly worker: string | undefined;
  readonly errorsOnly: boolean;
}

/** Sightings as they come. */
export interface Sightings extends AsyncIterable<SightingRecord> {
  /** Resolves when the tail has begun. */
  readonly begun: Promise<void>;
}

const SERVICE = "/agentmesh.v1.AdminService";
const TIMEOUT_MS = 10_000;
/** Agents leave when their turns have ended: that may take its time. */
const DRAIN_TIMEOUT_MS = 3_600_000;

interface Codec<Message> {
  encode(message: Message): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Message;
}

/** The state of the host. */
export function getStatus(channel: Channel): Promise<HostStatus> {
  return ask(channel, "GetStatus", GetStatusRequest.encode({}), GetStatusResponse);
}

/** Workers that are connected or may come back. */
export async function listWorkers(channel: Channel, query: PageQuery): Promise<Page<WorkerRecord>> {
  const request = ListWorkersRequest.encode(query);
  const page = await ask(channel, "ListWorkers", request, ListWorkersResponse);
  return { entries: page.workers.map(workerRecord), nextCursor: page.nextCursor };
}

/** Active agents, of one type or of all. */
export async function listAgents(
  channel: Channel,
  query: PageQuery,
  agentType: string,
): Promise<Page<AgentRecord>> {
  const request = ListAgentsRequest.encode({ ...query, agentType });
  const page = await ask(channel, "ListAgents", request, ListAgentsResponse);
  return { entries: page.agents.map(agentRecord), nextCursor: page.nextCursor };
}

/** Agent types by name, without schemas. */
export async function listAgentTypes(
  channel: Channel,
  query: PageQuery,
): Promise<Page<AgentTypeRecord>> {
  const request = ListAgentTypesRequest.encode({ ...query, agentType: "" });
  const page = await ask(channel, "ListAgentTypes", request, ListAgentTypesResponse);
  return { entries: page.types.map(agentTypeRecord), nextCursor: page.nextCursor };
}

/** One agent type with its schemas; undefined when nobody has announced it. */
export async function getAgentType(
  channel: Channel,
  agentType: string,
): Promise<AgentTypeRecord | undefined> {
  const request = ListAgentTypesRequest.encode({ cursor: "", limit: 1, agentType });
  const page = await ask(channel, "ListAgentTypes", request, ListAgentTypesResponse);
  return page.types.map(agentTypeRecord)[0];
}

/** Declared subscriptions. */
export async function listSubscriptions(
  channel: Channel,
  query: PageQuery,
): Promise<Page<SubscriptionRecord>> {
  const request = ListSubscriptionsRequest.encode(query);
  const page = await ask(channel, "ListSubscriptions", request, ListSubscriptionsResponse);
  const { subscriptions, sessionIds, nextCursor } = page;
  const entries = subscriptions.map((one, index) =>
    subscriptionRecord(one, sessionIds[index] ?? ""),
  );
  return { entries, nextCursor };
}

/** Dead letters without their contents, oldest first. */
export async function listDeadLetters(
  channel: Channel,
  query: PageQuery,
  filter: LetterFilter,
): Promise<Page<DeadLetterRecord>> {
  const request = ListDeadLettersRequest.encode({ ...query, filter: filterMessage(filter) });
  const page = await ask(channel, "ListDeadLetters", request, ListDeadLettersResponse);
  return { entries: page.deadLetters.map(deadLetterRecord), nextCursor: page.nextCursor };
}

/** One dead letter with its content; undefined when the host left it out. */
export async function getDeadLetter(
  channel: Channel,
  id: number,
  target: AgentId | undefined,
): Promise<DeadLetterRecord | undefined> {
  const named = target && { type: target.type, key: target.key };
  const request = GetDeadLetterRequest.encode({ id, target: named });
  const { deadLetter } = await ask(channel, "GetDeadLetter", request, GetDeadLetterResponse);
  return deadLetter && deadLetterRecord(deadLetter);
}

/** Removes dead letters. @returns how many. */
export async function purgeDeadLetters(channel: Channel, filter: LetterFilter): Promise<number> {
  const request = PurgeDeadLettersRequest.encode({ filter: filterMessage(filter) });
  return (await ask(channel, "PurgeDeadLetters", request, PurgeDeadLettersResponse)).purged;
}

/** Moves the agents off one worker; resolves when they have gone. */
export async function drainWorker(channel: Channel, sessionId: string): Promise<void> {
  const request = DrainWorkerRequest.encode({ sessionId }).finish();
  await channel.unary(`${SERVICE}/DrainWorker`, request, DRAIN_TIMEOUT_MS);
}

/** Begins to drain the host; 0 leaves the time to the host. */
export async function drainHost(channel: Channel, graceMs: number): Promise<void> {
  const request = DrainHostRequest.encode({ graceMs }).finish();
  await channel.unary(`${SERVICE}/DrainHost`, request, TIMEOUT_MS);
}

/** Follows messages as they pass. */
export function tail(channel: Channel, filter: TailFilter): Sightings {
  const request = TailRequest.encode({
    agentType: filter.agentType ?? "",
    agentKey: filter.agentKey ?? "",
    topicType: filter.topicType ?? "",
    sessionId: filter.sessionId ?? "",
    worker: filter.worker ?? "",
    errorsOnly: filter.errorsOnly,
  });
  const answers = channel.stream(`${SERVICE}/Tail`, request.finish());
  async function* sightings(): AsyncGenerator<SightingRecord> {
    for await (const bytes of answers) yield sightingRecord(TailResponse.decode(bytes));
  }
  return { begun: answers.begun, [Symbol.asyncIterator]: sightings };
}

/** Calls a method of AdminService. */
export async function ask<Response>(
  channel: Channel,
  method: string,
  request: { finish(): Uint8Array },
  response: Pick<Codec<Response>, "decode">,
  timeoutMs = TIMEOUT_MS,
): Promise<Response> {
  const bytes = await channel.unary(`${SERVICE}/${method}`, request.finish(), timeoutMs);
  return response.decode(bytes);
}

/** A filter as it travels. */
export function filterMessage(filter: LetterFilter): ListDeadLettersRequest["filter"] {
  const { code } = filter;
  return {
    agentType: filter.agentType ?? "",
    agentKey: filter.agentKey ?? "",
    topicType: filter.topicType ?? "",
    code: (code === undefined ? 0 : ERROR_TABLE[code].number) as WireErrorCode,
    sinceUnixMs: filter.sinceUnixMs ?? 0,
    untilUnixMs: filter.untilUnixMs ?? 0,
    subscription: filter.subscription ?? "",
    ids: [...filter.ids],
  };
}
