/** AdminService: requests out, what a host tells in. Lists are fetched page by page while they are read. */
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
import {
  type AgentInfo,
  type AgentTypeInfo,
  agentInfo,
  agentTypeInfo,
  type DeadLetterInfo,
  type DeadLetterWithContent,
  deadLetterInfo,
  deadLetterWithContent,
  type HostStatus,
  type Sighting,
  type SubscriptionInfo,
  sighting,
  subscriptionInfo,
  type WorkerInfo,
  workerInfo,
} from "./admin-records.ts";
import type { CallBounds, HostCalls } from "./host-calls.ts";
import { ElementStream, type StreamReader } from "./stream-reader.ts";

/** Which dead letters; what is left out selects all. */
export interface DeadLetterFilter {
  /** Only those for agents of this type. */
  readonly agentType?: string | undefined;
  /** Only those for agents with this key. */
  readonly agentKey?: string | undefined;
  /** Only those of this topic type. */
  readonly topicType?: string | undefined;
  /** Only those with this code. */
  readonly code?: ErrorCode | undefined;
  /** Only those parked at or after this time, in milliseconds since 1970. */
  readonly sinceUnixMs?: number | undefined;
  /** Only those parked before this time, in milliseconds since 1970. */
  readonly untilUnixMs?: number | undefined;
  /** Only those of the durable subscription with this name. */
  readonly subscription?: string | undefined;
  /** Only those with these ids, at most 1 000 for a replay. */
  readonly ids?: readonly number[] | undefined;
}

/** Which sightings; what is left out selects all, and filters narrow together. */
export interface TailFilter {
  /** Only messages to or from agents of this type. */
  readonly agentType?: string | undefined;
  /** Only messages to or from agents with this key. */
  readonly agentKey?: string | undefined;
  /** Only events of this topic type. */
  readonly topicType?: string | undefined;
  /** Only messages to or from this session. */
  readonly sessionId?: string | undefined;
  /** Only messages to or from workers with this name. */
  readonly worker?: string | undefined;
  /** Only failures. Default: false. */
  readonly errorsOnly?: boolean | undefined;
}

/** Messages as they pass. Ends when you stop iterating, abort it, or close the admin. */
export interface Tail extends AsyncIterable<Sighting> {
  /** Resolves when the host follows: what happens after that is seen. Rejects when it refuses. */
  readonly begun: Promise<void>;
}

const SERVICE = "/agentmesh.v1.AdminService";
/** Entries of one page. */
export const PAGE = 1_000;

interface Page<Entry> {
  readonly entries: readonly Entry[];
  readonly nextCursor: string;
}

/** Asks a host for its state. */
export function getStatus(calls: HostCalls, bounds: CallBounds): Promise<HostStatus> {
  return ask(calls, bounds, "GetStatus", GetStatusRequest.encode({}), GetStatusResponse);
}

/** Lists the workers of a namespace. */
export function listWorkers(calls: HostCalls, bounds: CallBounds): AsyncGenerator<WorkerInfo> {
  return paged(async (cursor) => {
    const request = ListWorkersRequest.encode({ cursor, limit: PAGE });
    const page = await ask(calls, bounds, "ListWorkers", request, ListWorkersResponse);
    return { entries: page.workers.map(workerInfo), nextCursor: page.nextCursor };
  });
}

/** Lists the active agents of a namespace; an empty type means all. */
export function listAgents(
  calls: HostCalls,
  bounds: CallBounds,
  agentType: string,
): AsyncGenerator<AgentInfo> {
  return paged(async (cursor) => {
    const request = ListAgentsRequest.encode({ cursor, limit: PAGE, agentType });
    const page = await ask(calls, bounds, "ListAgents", request, ListAgentsResponse);
    return { entries: page.agents.map(agentInfo), nextCursor: page.nextCursor };
  });
}

/** Lists the agent types of a namespace without schemas; with a name that one only, with its schemas. */
export function listAgentTypes(
  calls: HostCalls,
  bounds: CallBounds,
  agentType: string,
): AsyncGenerator<AgentTypeInfo> {
  return paged(async (cursor) => {
    const request = ListAgentTypesRequest.encode({ cursor, limit: PAGE, agentType });
    const page = await ask(calls, bounds, "ListAgentTypes", request, ListAgentTypesResponse);
    return { entries: page.types.map(agentTypeInfo), nextCursor: page.nextCursor };
  });
}

/** Lists the subscriptions of a namespace. */
export function listSubscriptions(
  calls: HostCalls,
  bounds: CallBounds,
): AsyncGenerator<SubscriptionInfo> {
  return paged(async (cursor) => {
    const request = ListSubscriptionsRequest.encode({ cursor, limit: PAGE });
    const page = await ask(calls, bounds, "ListSubscriptions", request, ListSubscriptionsResponse);
    const entries = page.subscriptions.map((one, index) =>
      subscriptionInfo(one, page.sessionIds[index] ?? ""),
    );
    return { entries, nextCursor: page.nextCursor };
  });
}

/** Lists the dead letters of a namespace, oldest first. */
export function listDeadLetters(
  calls: HostCalls,
  bounds: CallBounds,
  filter: DeadLetterFilter,
): AsyncGenerator<DeadLetterInfo> {
  return paged(async (cursor) => {
    const limits = { cursor, limit: PAGE, filter: filterMessage(filter) };
    const request = ListDeadLettersRequest.encode(limits);
    const page = await ask(calls, bounds, "ListDeadLetters", request, ListDeadLettersResponse);
    return { entries: page.deadLetters.map(deadLetterInfo), nextCursor: page.nextCursor };
  });
}

/** Asks for one dead letter with its message. */
export async function getDeadLetter(
  calls: HostCalls,
  bounds: CallBounds,
  id: number,
  target: AgentId | undefined,
): Promise<DeadLetterWithContent> {
  const named = target && { type: target.type, key: target.key };
  const request = GetDeadLetterRequest.encode({ id, target: named });
  const { deadLetter } = await ask(calls, bounds, "GetDeadLetter", request, GetDeadLetterResponse);
  // A host answers with the letter or fails.
  return deadLetterWithContent(deadLetter as NonNullable<typeof deadLetter>);
}

/** Removes dead letters. @returns how many. */
export async function purgeDeadLetters(
  calls: HostCalls,
  bounds: CallBounds,
  filter: DeadLetterFilter,
): Promise<number> {
  const request = PurgeDeadLettersRequest.encode({ filter: filterMessage(filter) });
  return (await ask(calls, bounds, "PurgeDeadLetters", request, PurgeDeadLettersResponse)).purged;
}

/** Moves the agents off a worker; resolves when they have gone. */
export async function drainWorker(
  calls: HostCalls,
  bounds: CallBounds,
  sessionId: string,
): Promise<void> {
  const request = Buffer.from(DrainWorkerRequest.encode({ sessionId }).finish());
  await calls.unary(`${SERVICE}/DrainWorker`, request, bounds);
}

/** Begins to drain the host; 0 leaves the time to it. */
export async function drainHost(
  calls: HostCalls,
  bounds: CallBounds,
  graceMs: number,
): Promise<void> {
  const request = Buffer.from(DrainHostRequest.encode({ graceMs }).finish());
  await calls.unary(`${SERVICE}/DrainHost`, request, bounds);
}

/** Follows messages as they pass. */
export function tail(calls: HostCalls, filter: TailFilter, signal: AbortSignal | undefined): Tail {
  const { agentType = "", agentKey = "", topicType = "", sessionId = "", worker = "" } = filter;
  const { errorsOnly = false } = filter;
  const wanted = { agentType, agentKey, topicType, sessionId, worker, errorsOnly };
  const request = Buffer.from(TailRequest.encode(wanted).finish());
  const { begun, answers } = calls.follow(`${SERVICE}/Tail`, request, signal);
  async function* sightings(reader: StreamReader): AsyncGenerator<Sighting, void, undefined> {
    reader.onLeave = () => void answers.return();
    for await (const bytes of answers) yield sighting(TailResponse.decode(bytes));
  }
  return { begun, [Symbol.asyncIterator]: () => new ElementStream(sightings) };
}

/** Fetches a list page by page while it is read. */
export async function* paged<Entry>(
  fetch: (cursor: string) => Promise<Page<Entry>>,
): AsyncGenerator<Entry> {
  let cursor = "";
  do {
    const page = await fetch(cursor);
    yield* page.entries;
    cursor = page.nextCursor;
  } while (cursor !== "");
}

/** Calls a method of AdminService. */
export async function ask<Response>(
  calls: HostCalls,
  bounds: CallBounds,
  method: string,
  request: { finish(): Uint8Array },
  response: { decode(bytes: Uint8Array): Response },
): Promise<Response> {
  const bytes = Buffer.from(request.finish());
  return response.decode(await calls.unary(`${SERVICE}/${method}`, bytes, bounds));
}

/** A filter as it travels. */
export function filterMessage(filter: DeadLetterFilter): ListDeadLettersRequest["filter"] {
  const { agentType = "", agentKey = "", topicType = "", code } = filter;
  const { sinceUnixMs = 0, untilUnixMs = 0 } = filter;
  const number = (code === undefined ? 0 : ERROR_TABLE[code].number) as WireErrorCode;
  const { subscription = "", ids = [] } = filter;
  return {
    agentType,
    agentKey,
    topicType,
    code: number,
    sinceUnixMs,
    untilUnixMs,
    subscription,
    ids: [...ids],
  };
}
