/** What lives in a namespace, page by page. */
import type {
  ActiveAgent,
  KnownAgentType,
  ListAgentsRequest,
  ListAgentsResponse,
  ListAgentTypesRequest,
  ListAgentTypesResponse,
  ListSubscriptionsRequest,
  ListSubscriptionsResponse,
  ListWorkersRequest,
  ListWorkersResponse,
  Subscription,
} from "@agentmesh/proto/agentmesh/v1";
import type { Agent } from "../delivery/agent.ts";
import type { Namespace } from "../delivery/namespace.ts";
import type { ActiveAgent as RosterAgent } from "../delivery/roster.ts";
import type { Worker } from "../delivery/worker.ts";
import type { AgentType } from "../directory/agent-type.ts";
import type { SubscriptionEntry } from "../directory/subscriptions.ts";
import { sessionOf, type WorkerMember } from "../gateway/worker-session.ts";
import { limitOf, numberCursor, pageByName } from "./page.ts";
import { workerMessage } from "./worker-codec.ts";

const NO_SCHEMA = Buffer.alloc(0);

/** Sessions, in the order of their ids. */
export function listWorkers(
  workers: Iterable<WorkerMember>,
  namespace: string,
  request: ListWorkersRequest,
): ListWorkersResponse {
  const { entries, nextCursor } = pageByName(membersOf(workers, namespace), idOf, request);
  return { workers: entries.map(workerMessage), nextCursor };
}

/** Active agents: who is active all the time is on one page. */
export function listAgents(namespace: Namespace, request: ListAgentsRequest): ListAgentsResponse {
  const after = numberCursor(request.cursor);
  const { agentType } = request;
  const isWanted = ({ id }: RosterAgent): boolean => agentType === "" || id.type === agentType;
  const { agents, next } = namespace.roster.page(after, limitOf(request.limit), isWanted);
  return { agents: agents.map(agentMessage), nextCursor: next === 0 ? "" : String(next) };
}

/** Agent types, in the order of their names: all of them, or one with the schemas of its messages. */
export function listAgentTypes(
  namespace: Namespace,
  request: ListAgentTypesRequest,
): ListAgentTypesResponse {
  const { agentType } = request;
  if (agentType !== "") {
    const type = namespace.types.get(agentType);
    return { types: type === undefined ? [] : [typeMessage(type, true)], nextCursor: "" };
  }
  const { entries, nextCursor } = pageByName(namespace.types.values(), ({ name }) => name, request);
  return { types: entries.map((type) => typeMessage(type, false)), nextCursor };
}

/** Subscriptions, in the order of their sessions and ids. */
export function listSubscriptions(
  workers: Iterable<WorkerMember>,
  namespace: string,
  request: ListSubscriptionsRequest,
): ListSubscriptionsResponse {
  const declared = declarations(membersOf(workers, namespace), request.cursor.split("/")[0] ?? "");
  const { entries, nextCursor } = pageByName(declared, ({ name }) => name, request);
  return {
    subscriptions: entries.map(({ entry }) => subscriptionMessage(entry)),
    sessionIds: entries.map(({ sessionId }) => sessionId),
    nextCursor,
  };
}

interface Declaration {
  readonly name: string;
  readonly sessionId: string;
  readonly entry: SubscriptionEntry;
}

/** What the sessions from this one on have declared. */
function* declarations(members: Iterable<WorkerMember>, from: string): Generator<Declaration> {
  for (const member of members) {
    const sessionId = idOf(member);
    if (sessionId < from) continue;
    for (const entry of member.registrations.subscriptions)
      yield { name: `${sessionId}/${entry.id}`, sessionId, entry };
  }
}

function* membersOf(workers: Iterable<WorkerMember>, namespace: string): Generator<WorkerMember> {
  for (const member of workers) if (member.session.namespace.name === namespace) yield member;
}

function idOf(member: WorkerMember): string {
  return member.session.identity.sessionId;
}

function agentMessage(agent: RosterAgent): ActiveAgent {
  return {
    activation: {
      number: agent.activation,
      agent: { type: agent.id.type, key: agent.id.key },
    },
    sessionId: sessionOf(agent.worker)?.identity.sessionId ?? "",
    inFlight: agent.inFlight,
    queued: agent.waiting,
  };
}

function typeMessage(type: AgentType<Worker, Agent>, withSchemas: boolean): KnownAgentType {
  const { name, described, agentWindow, maxTurnMs, concurrency, workerCount, agents, resting } =
    type;
  const handles = withSchemas
    ? [...described.handles]
    : described.handles.map((handled) => ({ ...handled, schema: NO_SCHEMA }));
  const { description } = described;
  return {
    type: { name, description, handles, agentWindow, maxTurnMs, concurrency },
    workers: workerCount,
    agents: agents.size + resting,
  };
}

function subscriptionMessage({ id, match, agentType }: SubscriptionEntry): Subscription {
  const $case = match.kind === "exact" ? "topicType" : "topicTypePrefix";
  return { id, match: { $case, value: match.text }, agentType, durable: undefined };
}
