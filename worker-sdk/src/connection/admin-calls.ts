import { AgentId, type ErrorCode, type Outcome, TopicId } from "@agentmesh/proto";
import {
  type DeadLetter,
  GetStatusRequest,
  GetStatusResponse,
  ListDeadLettersRequest,
  ListDeadLettersResponse,
  ListWorkersRequest,
  ListWorkersResponse,
  type Worker,
  WorkerPhase,
} from "@agentmesh/proto/agentmesh/v1";
import { fromErrorMessage } from "@agentmesh/proto/wire";
import type { CallBounds, UnaryChannel } from "./unary-channel.ts";

/** How a host is, and what it has counted. */
export type HostStatus = Readonly<GetStatusResponse>;

/** A worker as its host sees it. */
export interface WorkerInfo extends Readonly<Omit<Worker, "phase">> {
  readonly phase: "unknown" | "open" | "suspended" | "lapsed" | "draining";
}

/** Why a message became a dead letter. */
export interface DeadLetterReason {
  readonly code: ErrorCode;
  readonly text: string;
  readonly outcome: Outcome;
  /** Code of an application error; empty otherwise. */
  readonly appCode: string;
  /** Stack trace of what was thrown; empty when there is none. */
  readonly stack: string;
}

/** A message that could not be handled. */
export interface DeadLetterInfo {
  /** Id of the message. */
  readonly id: number;
  readonly target: AgentId;
  /** The agent that sent it; undefined when none did. */
  readonly sender: AgentId | undefined;
  /** Topic of an event; undefined for a send. */
  readonly topic: TopicId | undefined;
  readonly messageType: string;
  readonly reason: DeadLetterReason;
  /** Attempts that were made. */
  readonly attempts: number;
  /** Workers that were lost while they handled it. */
  readonly crashes: number;
  /** When the host accepted it, in milliseconds since 1970. */
  readonly acceptedUnixMs: number;
  /** When it was parked, in milliseconds since 1970. */
  readonly parkedUnixMs: number;
  /** Size of the payload in bytes. */
  readonly payloadBytes: number;
}

const SERVICE = "/agentmesh.v1.AdminService";
const PAGE = 1_000;

/** A method of the service. */
interface Method<Request, Response> {
  readonly name: string;
  readonly request: { encode(message: Request): { finish(): Uint8Array } };
  readonly response: { decode(bytes: Uint8Array): Response };
}

const GET_STATUS: Method<GetStatusRequest, GetStatusResponse> = {
  name: "GetStatus",
  request: GetStatusRequest,
  response: GetStatusResponse,
};

const LIST_WORKERS: Method<ListWorkersRequest, ListWorkersResponse> = {
  name: "ListWorkers",
  request: ListWorkersRequest,
  response: ListWorkersResponse,
};

const LIST_DEAD_LETTERS: Method<ListDeadLettersRequest, ListDeadLettersResponse> = {
  name: "ListDeadLetters",
  request: ListDeadLettersRequest,
  response: ListDeadLettersResponse,
};

/** Asks a host for its state. */
export async function getStatus(channel: UnaryChannel, bounds: CallBounds): Promise<HostStatus> {
  return ask(channel, bounds, GET_STATUS, {});
}

/** Lists the workers of a namespace; the bounds are those of each page. */
export async function listWorkers(
  channel: UnaryChannel,
  bounds: CallBounds,
): Promise<WorkerInfo[]> {
  const workers: WorkerInfo[] = [];
  let cursor = "";
  do {
    const page = await ask(channel, bounds, LIST_WORKERS, { cursor, limit: PAGE });
    for (const worker of page.workers) workers.push({ ...worker, phase: phaseOf(worker.phase) });
    cursor = page.nextCursor;
  } while (cursor !== "");
  return workers;
}

/** Lists the dead letters of a namespace page by page, oldest first; the bounds are those of each page. */
export async function* listDeadLetters(
  channel: UnaryChannel,
  bounds: CallBounds,
): AsyncGenerator<DeadLetterInfo> {
  let cursor = "";
  do {
    const request = { cursor, limit: PAGE, filter: undefined };
    const page = await ask(channel, bounds, LIST_DEAD_LETTERS, request);
    for (const letter of page.deadLetters) yield deadLetterOf(letter);
    cursor = page.nextCursor;
  } while (cursor !== "");
}

async function ask<Request, Response>(
  channel: UnaryChannel,
  bounds: CallBounds,
  method: Method<Request, Response>,
  request: Request,
): Promise<Response> {
  const bytes = Buffer.from(method.request.encode(request).finish());
  const answer = await channel.unary(`${SERVICE}/${method.name}`, bytes, bounds);
  return method.response.decode(answer);
}

function phaseOf(phase: WorkerPhase): WorkerInfo["phase"] {
  switch (phase) {
    case WorkerPhase.OPEN:
      return "open";
    case WorkerPhase.SUSPENDED:
      return "suspended";
    case WorkerPhase.LAPSED:
      return "lapsed";
    case WorkerPhase.DRAINING:
      return "draining";
    default:
      return "unknown";
  }
}

function deadLetterOf(letter: DeadLetter): DeadLetterInfo {
  const { id, messageType, attempts, crashes, acceptedUnixMs, parkedUnixMs, payloadBytes } = letter;
  return {
    id,
    target: agentOf(letter.target) ?? new AgentId("", ""),
    sender: agentOf(letter.sender),
    topic: letter.topic && new TopicId(letter.topic.type, letter.topic.source),
    messageType,
    reason: reasonOf(letter),
    attempts,
    crashes,
    acceptedUnixMs,
    parkedUnixMs,
    payloadBytes,
  };
}

function reasonOf({ error }: DeadLetter): DeadLetterReason {
  if (error === undefined) {
    return { code: "INTERNAL", text: "", outcome: "unknown", appCode: "", stack: "" };
  }
  const { code, text, outcome, appCode, stack } = fromErrorMessage(error);
  return { code, text, outcome, appCode, stack };
}

function agentOf(agent: { type: string; key: string } | undefined): AgentId | undefined {
  return agent === undefined ? undefined : new AgentId(agent.type, agent.key);
}
