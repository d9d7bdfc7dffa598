/** What a host tells, in the form in which `--json` prints it: ids as text, instants as ISO 8601, errors by code. */
import { type ErrorCode, failure } from "@agentmesh/proto";
import {
  type ActiveAgent,
  type AgentIdMessage,
  type ContentMessage,
  type DeadLetter,
  type DurableSubscription,
  type ErrorMessage,
  type KnownAgentType,
  type MessageSchema,
  type ReplayRefusal,
  type Subscription,
  TailKind,
  type TailResponse,
  type TopicIdMessage,
  type Worker,
  WorkerPhase,
} from "@agentmesh/proto/agentmesh/v1";
import { fromErrorMessage } from "@agentmesh/proto/wire";
import { isoText } from "../output/time.ts";

/** A failure without what is empty. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  readonly text: string;
  readonly outcome: string;
  readonly retryable: boolean;
  readonly appCode?: string;
  readonly details?: unknown;
  readonly retryAfterMs?: number;
  readonly stack?: string;
}

/** A message. */
export interface ContentRecord {
  readonly messageType: string;
  readonly contentType: string;
  /** The payload where it is JSON. */
  readonly payload?: unknown;
  /** The payload where it is anything else. */
  readonly payloadBase64?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface WorkerRecord {
  readonly sessionId: string;
  readonly name: string;
  readonly instanceId: string;
  readonly phase: "open" | "suspended" | "lapsed" | "draining" | "unknown";
  readonly peer: string;
  readonly sdk: string;
  readonly protocol: string;
  readonly connectedAt: string;
  readonly agentTypes: readonly string[];
  readonly agentsActive: number;
  readonly inFlight: number;
  readonly labels: Readonly<Record<string, string>>;
}

export interface AgentRecord {
  readonly agent: string;
  readonly activation: number;
  readonly sessionId: string;
  readonly inFlight: number;
  readonly queued: number;
}

export interface SubscriptionRecord {
  /** The topic type, or the prefix followed by `*`. */
  readonly topic: string;
  readonly match: "exact" | "prefix";
  readonly agentType: string;
  readonly id: string;
  readonly sessionId: string;
  /** Name of a durable subscription. */
  readonly durable?: string;
}

export interface DurableRecord {
  readonly name: string;
  readonly agentType: string;
  /** The topic type, or the prefix followed by `*`. */
  readonly topic: string;
  readonly maxAttempts: number;
  readonly backoffMs: number;
  readonly maxRetryMs: number;
  readonly retentionMs: number;
  /** Everything up to this place in the log is past. */
  readonly position: number;
  /** Events that are not handled; at least so many when `backlogCut`. */
  readonly backlog: number;
  readonly backlogCut: boolean;
  /** Of those, events that the host has taken from the log. */
  readonly open: number;
  /** When the oldest of the backlog was accepted; absent without backlog. */
  readonly oldestAt?: string;
  readonly deadLetters: number;
}

/** A dead letter that stays parked although it was to be replayed. */
export interface RefusalRecord {
  readonly id: number;
  /** Absent when there is no such dead letter. */
  readonly target?: string;
  readonly error: ErrorRecord;
}

export interface DeadLetterRecord {
  readonly id: number;
  readonly target: string;
  readonly sender?: string;
  readonly topic?: string;
  readonly subscription?: string;
  readonly messageType: string;
  readonly payloadBytes: number;
  readonly attempts: number;
  readonly crashes: number;
  readonly acceptedAt: string;
  /** Absent where it never was, or where that is not known. */
  readonly firstDeliveredAt?: string;
  readonly lastDeliveredAt?: string;
  readonly parkedAt: string;
  readonly traceId?: string;
  /** How often it was replayed and failed again. */
  readonly replays: number;
  /** The agent that it is on its way to; absent while it is parked. */
  readonly replayTarget?: string;
  readonly error: ErrorRecord;
  /** Absent in lists. */
  readonly content?: ContentRecord;
}

/** A message that agents of a type handle. */
export interface HandledRecord {
  readonly messageType: string;
  /** Absent where nothing answers. */
  readonly replyType?: string;
  readonly replyStream?: true;
  readonly schemaType?: string;
  /** The schema where it is JSON. */
  readonly schema?: unknown;
  /** The schema where it is anything else. */
  readonly schemaBase64?: string;
}

export interface AgentTypeRecord {
  readonly type: string;
  readonly description: string;
  readonly workers: number;
  readonly agents: number;
  readonly handles: readonly HandledRecord[];
}

export interface SightingRecord {
  readonly kind: "send" | "publish" | "deliver" | "end" | "dead-letter" | "refuse" | "missed";
  readonly at: string;
  /** Absent for what was refused. */
  readonly id?: number;
  readonly sender?: string;
  readonly target?: string;
  readonly topic?: string;
  readonly sessionId?: string;
  readonly messageType?: string;
  readonly contentBytes?: number;
  readonly error?: ErrorRecord;
  /** Sightings left out before this one. */
  readonly missed?: number;
}

const PHASES = new Map<WorkerPhase, WorkerRecord["phase"]>([
  [WorkerPhase.OPEN, "open"],
  [WorkerPhase.SUSPENDED, "suspended"],
  [WorkerPhase.LAPSED, "lapsed"],
  [WorkerPhase.DRAINING, "draining"],
]);

const KINDS = new Map<TailKind, SightingRecord["kind"]>([
  [TailKind.SEND, "send"],
  [TailKind.PUBLISH, "publish"],
  [TailKind.DELIVER, "deliver"],
  [TailKind.END, "end"],
  [TailKind.DEAD_LETTER, "dead-letter"],
  [TailKind.REFUSE, "refuse"],
]);

export function workerRecord(worker: Worker): WorkerRecord {
  const { phase, connectedUnixMs, ...rest } = worker;
  return {
    ...rest,
    phase: PHASES.get(phase) ?? "unknown",
    connectedAt: isoText(connectedUnixMs),
  };
}

export function agentRecord({ activation, ...rest }: ActiveAgent): AgentRecord {
  return {
    agent: agentText(activation?.agent) ?? "",
    activation: activation?.number ?? 0,
    ...rest,
  };
}

export function agentTypeRecord({ type, workers, agents }: KnownAgentType): AgentTypeRecord {
  const { name = "", description = "", handles = [] } = type ?? {};
  return { type: name, description, workers, agents, handles: handles.map(handledRecord) };
}

function handledRecord(handled: MessageSchema): HandledRecord {
  const { messageType, replyType, replyStream, schemaType } = handled;
  const schema = Buffer.from(handled.schema);
  return {
    messageType,
    ...(replyType !== "" && { replyType }),
    ...(replyStream && { replyStream }),
    ...(schemaType !== "" && { schemaType }),
    ...(schema.length > 0 && schemaRecord(schema)),
  };
}

function schemaRecord(schema: Buffer): Pick<HandledRecord, "schema" | "schemaBase64"> {
  const json = jsonOf(schema);
  return json === undefined ? { schemaBase64: schema.toString("base64") } : { schema: json };
}

export function subscriptionRecord(
  { id, match, agentType, durable }: Subscription,
  sessionId: string,
): SubscriptionRecord {
  const isPrefix = match?.$case === "topicTypePrefix";
  return {
    topic: isPrefix ? `${match.value}*` : (match?.value ?? ""),
    match: isPrefix ? "prefix" : "exact",
    agentType,
    id,
    sessionId,
    ...(durable && { durable: durable.name }),
  };
}

export function deadLetterRecord(letter: DeadLetter): DeadLetterRecord {
  const { sender, topic, subscription, content } = letter;
  return {
    id: letter.id,
    target: agentText(letter.target) ?? "",
    ...(sender && { sender: agentText(sender) ?? "" }),
    ...(topic && { topic: topicText(topic) }),
    ...(subscription !== "" && { subscription }),
    messageType: letter.messageType,
    payloadBytes: letter.payloadBytes,
    attempts: letter.attempts,
    crashes: letter.crashes,
    acceptedAt: isoText(letter.acceptedUnixMs),
    ...(letter.firstDeliveredUnixMs > 0 && {
      firstDeliveredAt: isoText(letter.firstDeliveredUnixMs),
    }),
    ...(letter.lastDeliveredUnixMs > 0 && { lastDeliveredAt: isoText(letter.lastDeliveredUnixMs) }),
    parkedAt: isoText(letter.parkedUnixMs),
    ...(letter.traceId !== "" && { traceId: letter.traceId }),
    replays: letter.replays,
    ...(letter.replayTarget && { replayTarget: agentText(letter.replayTarget) ?? "" }),
    error: errorRecord(letter.error),
    ...(content && { content: contentRecord(content) }),
  };
}

export function durableRecord(standing: DurableSubscription): DurableRecord {
  const { subscription, oldestUnixMs, ...rest } = standing;
  const { match, agentType = "", durable } = subscription ?? {};
  return {
    name: durable?.name ?? "",
    agentType,
    topic: match?.$case === "topicTypePrefix" ? `${match.value}*` : (match?.value ?? ""),
    maxAttempts: durable?.maxAttempts ?? 0,
    backoffMs: durable?.backoffMs ?? 0,
    maxRetryMs: durable?.maxRetryMs ?? 0,
    retentionMs: durable?.retentionMs ?? 0,
    ...rest,
    ...(oldestUnixMs > 0 && { oldestAt: isoText(oldestUnixMs) }),
  };
}

export function refusalRecord({ id, target, error }: ReplayRefusal): RefusalRecord {
  return { id, ...(target && { target: agentText(target) ?? "" }), error: errorRecord(error) };
}

export function sightingRecord(seen: TailResponse): SightingRecord {
  const { id, sender, target, topic, sessionId, error, missed } = seen;
  const kind = KINDS.get(seen.kind) ?? "missed";
  return {
    kind,
    at: isoText(seen.atUnixMs),
    ...(id > 0 && { id }),
    ...(sender && { sender: agentText(sender) ?? "" }),
    ...(target && { target: agentText(target) ?? "" }),
    ...(topic && { topic: topicText(topic) }),
    ...(sessionId !== "" && { sessionId }),
    ...(kind !== "missed" && { messageType: seen.messageType, contentBytes: seen.contentBytes }),
    ...(error && { error: errorRecord(error) }),
    ...(missed > 0 && { missed }),
  };
}

function errorRecord(message: ErrorMessage | undefined): ErrorRecord {
  const reason = message === undefined ? failure("INTERNAL") : fromErrorMessage(message);
  const { code, text, outcome, retryable, appCode, details, retryAfterMs, stack } = reason;
  return {
    code,
    text,
    outcome,
    retryable,
    ...(appCode !== "" && { appCode }),
    ...(details !== undefined && { details: jsonOf(details) }),
    ...(retryAfterMs > 0 && { retryAfterMs }),
    ...(stack !== "" && { stack }),
  };
}

export function contentRecord(content: ContentMessage): ContentRecord {
  const { messageType, contentType, data, metadata } = content;
  const isJson = contentType === "" || /^application\/(.*\+)?json\b/i.test(contentType);
  const payload = isJson ? jsonOf(data) : undefined;
  return {
    messageType,
    contentType: contentType === "" ? "application/json" : contentType,
    ...(payload === undefined
      ? { payloadBase64: Buffer.from(data).toString("base64") }
      : { payload }),
    ...(Object.keys(metadata).length > 0 && { metadata }),
  };
}

/** The value of JSON; undefined when the bytes are none. */
function jsonOf(bytes: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
    return value;
  } catch {
    return undefined;
  }
}

function agentText(agent: AgentIdMessage | undefined): string | undefined {
  return agent && `${agent.type}/${agent.key}`;
}

function topicText({ type, source }: TopicIdMessage): string {
  return `${type}/${source}`;
}
