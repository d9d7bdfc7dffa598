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
import type { UnaryChannel } from "./unary-channel.ts";

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
const TIMEOUT_MS = 10_000;

interface Codec<Message> {
  encode(message: Message): { finish(): Uint8Array };
}

interface Decoder<Message> {
  decode(bytes: Uint8Array): Message;
}

/** Asks a host for its state. */
export async function getStatus(channel: UnaryChannel): Promise<HostStatus> {
  return ask(channel, "GetStatus", GetStatusRequest, {}, GetStatusResponse);
}

/** Lists the workers of a namespace. */
export async function listWorkers(channel: UnaryChannel): Promise<WorkerInfo[]> {
  const workers: WorkerInfo[] = [];
  let cursor = "";
  do {
    const request = { cursor, limit: PAGE };
    const page = await ask(
      channel,
      "ListWorkers",
      ListWorkersRequest,
      request,
      ListWorkersResponse,
    );
    for (const worker of page.workers) workers.push({ ...worker, phase: phaseOf(worker.phase) });
    cursor = page.nextCursor;
  } while (cursor !== "");
  return workers;
}

/** Lists the dead letters of a namespace page by page, oldest first. */
export async function* listDeadLetters(channel: UnaryChannel): AsyncGenerator<DeadLetterInfo> {
  let cursor = "";
  do {
    const request = { cursor, limit: PAGE, filter: undefined };
    const page = await ask(
      channel,
      "ListDeadLetters",
      ListDeadLettersRequest,
      request,
      ListDeadLettersResponse,
    );
    for (const letter of page.deadLetters) yield deadLetterOf(letter);
    cursor = page.nextCursor;
  } while (cursor !== "");
}

async function ask<Request, Response>(
  channel: UnaryChannel,
  method: string,
  requestType: Codec<Request>,
  request: Request,
  responseType: Decoder<Response>,
): Promise<Response> {
  const bytes = Buffer.from(requestType.encode(request).finish());
  const bounds = { timeoutMs: TIMEOUT_MS, signal: undefined };
  return responseType.decode(await channel.unary(`${SERVICE}/${method}`, bytes, bounds));
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
