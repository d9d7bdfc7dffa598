/** What a host tells about itself, in the words of the SDK. */
import { AgentId, type ErrorCode, type Outcome, TopicId } from "@agentmesh/proto";
import {
  type ActiveAgent,
  type AgentIdMessage,
  type ContentMessage,
  type DeadLetter,
  type DurableSubscription,
  type ErrorMessage,
  type GetStatusResponse,
  type KnownAgentType,
  type MessageSchema as MessageSchemaMessage,
  type ReplayRefusal as RefusalMessage,
  type Subscription,
  TailKind,
  type TailResponse,
  type TopicIdMessage,
  type Worker,
  WorkerPhase,
} from "@agentmesh/proto/agentmesh/v1";
import { fromErrorMessage } from "@agentmesh/proto/wire";
import type { MessageSchema } from "../messages/message-schema.ts";

/** How a host is, and what it has counted. */
export type HostStatus = Readonly<GetStatusResponse>;

/** A worker as its host sees it. */
export interface WorkerInfo extends Readonly<Omit<Worker, "phase">> {
  /** How its session is: open, broken for less or more than its lease, or leaving. */
  readonly phase: "unknown" | "open" | "suspended" | "lapsed" | "draining";
}

/** An agent that is active. */
export interface AgentInfo {
  /** Which agent. */
  readonly id: AgentId;
  /** Number of its activation: it only grows. */
  readonly activation: number;
  /** Session of the worker that it lives on. */
  readonly sessionId: string;
  /** Deliveries in flight to it. */
  readonly inFlight: number;
  /** Deliveries that wait for it at the host. */
  readonly queued: number;
}

/** A message that agents of a type handle, as their worker announced it. */
export interface HandledMessageInfo {
  /** Name of the message type. */
  readonly messageType: string;
  /** Name of the message type of the reply; undefined when nothing answers. */
  readonly replyType: string | undefined;
  /** Whether a stream of `replyType` answers. */
  readonly replyStream: boolean;
  /** What it looks like; undefined when that was not announced, or not asked for. */
  readonly schema: MessageSchema | undefined;
}

/** An agent type that some worker runs, or has left messages behind. */
export interface AgentTypeInfo {
  /** Name of the type. */
  readonly name: string;
  /** One sentence for people; may be empty. */
  readonly description: string;
  /** What its agents handle, as the worker that came last has announced it. */
  readonly handles: readonly HandledMessageInfo[];
  /** Workers that run it, those that are expected back included. */
  readonly workers: number;
  /** Agents of it that are active or have messages waiting. */
  readonly agents: number;
}

/** A subscription as it was declared. */
export interface SubscriptionInfo {
  /** Id within its session. */
  readonly id: string;
  /** Exactly one topic type, or all types with a prefix. */
  readonly match: { readonly kind: "exact" | "prefix"; readonly text: string };
  /** Type of the agents that receive the events. */
  readonly agentType: string;
  /** Session that declared it; empty where none has to live. */
  readonly sessionId: string;
  /** Name of a durable subscription; undefined for an ephemeral one. */
  readonly durable: string | undefined;
}

/** Why something failed. */
export interface FailureInfo {
  /** Stable name of the failure. */
  readonly code: ErrorCode;
  /** One sentence for people. */
  readonly text: string;
  /** Whether the handler ran. */
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
  /** The agent that should have handled it. */
  readonly target: AgentId;
  /** The agent that sent it; undefined when none did. */
  readonly sender: AgentId | undefined;
  /** Topic of an event; undefined for a send. */
  readonly topic: TopicId | undefined;
  /** Name of the message type. */
  readonly messageType: string;
  /** Why it was given up. */
  readonly reason: FailureInfo;
  /** Attempts that were made. */
  readonly attempts: number;
  /** Workers that were lost while they handled it. */
  readonly crashes: number;
  /** When the host accepted it, in milliseconds since 1970. */
  readonly acceptedUnixMs: number;
  /** When it was first delivered, in milliseconds since 1970; undefined for a send, and where it never was or is not known. */
  readonly firstDeliveredUnixMs: number | undefined;
  /** When it was last delivered, in milliseconds since 1970; undefined in the same cases. */
  readonly lastDeliveredUnixMs: number | undefined;
  /** When it was parked, in milliseconds since 1970. */
  readonly parkedUnixMs: number;
  /** Size of the payload in bytes. */
  readonly payloadBytes: number;
  /** Name of its durable subscription; undefined for an ephemeral one and for a send. */
  readonly subscription: string | undefined;
  /** Trace id of its W3C trace context; undefined without tracing. */
  readonly traceId: string | undefined;
  /** How often it was replayed and failed again. */
  readonly replays: number;
  /** The agent that it is on its way to, being replayed; undefined while it is parked. */
  readonly replayTarget: AgentId | undefined;
}

/** A dead letter that stays parked although it was to be replayed. */
export interface ReplayRefusal {
  /** Id of the dead letter. */
  readonly id: number;
  /** The agent that it was for; undefined when there is no such dead letter. */
  readonly target: AgentId | undefined;
  /**
   * Why: `AGENT_TYPE_UNKNOWN` when nobody serves the type, `PAYLOAD_INVALID` when nothing is left of its message,
   * `OVERLOADED` when too many are on their way, `NOT_FOUND` when there is no such dead letter.
   */
  readonly reason: FailureInfo;
}

/** What has become of dead letters that were to be replayed. */
export interface ReplayResult {
  /** How many are on their way. */
  readonly replayed: number;
  /** Those that stay parked, and ids that do not exist. */
  readonly refused: readonly ReplayRefusal[];
}

/** A durable subscription, and how far it is. */
export interface DurableSubscriptionInfo {
  /** Its name in the namespace. */
  readonly name: string;
  /** Exactly one topic type, or all types with a prefix. */
  readonly match: { readonly kind: "exact" | "prefix"; readonly text: string };
  /** Type of the agents that receive the events. */
  readonly agentType: string;
  /** Attempts before an event becomes a dead letter. */
  readonly maxAttempts: number;
  /** Milliseconds before the second attempt. */
  readonly backoffMs: number;
  /** Milliseconds that no wait between attempts exceeds. */
  readonly maxRetryMs: number;
  /** Milliseconds after which an event that was not handled becomes a dead letter. */
  readonly retentionMs: number;
  /** Everything up to this place in the log of events is past. */
  readonly position: number;
  /** Events that are not handled; at least so many when `backlogCut`. */
  readonly backlog: number;
  /** Whether the host did not count to the end. */
  readonly backlogCut: boolean;
  /** Of those, events that the host has taken from the log: in flight, waiting, or to be tried again. */
  readonly open: number;
  /** When the oldest of the backlog was accepted, in milliseconds since 1970; undefined without backlog. */
  readonly oldestUnixMs: number | undefined;
  /** Its dead letters, 10 000 for that many or more. */
  readonly deadLetters: number;
}

/** A dead letter with its message. */
export interface DeadLetterWithContent extends DeadLetterInfo {
  /** The message as it was sent. */
  readonly content: {
    readonly messageType: string;
    /** Media type of `data`; empty means `application/json`. */
    readonly contentType: string;
    readonly data: Uint8Array;
    readonly metadata: Readonly<Record<string, string>>;
  };
}

/** A message that was seen to pass. */
export interface Sighting {
  /**
   * `send`, `publish`: the host took a message. `deliver`: it went to a worker. `end`: it was handled or has failed.
   * `dead-letter`: it was parked. `refuse`: the host did not take it. `missed`: nothing but {@link Sighting.missed}.
   */
  readonly kind: "send" | "publish" | "deliver" | "end" | "dead-letter" | "refuse" | "missed";
  /** Id of the call or event; 0 for what was refused. */
  readonly id: number;
  /** When, in milliseconds since 1970. */
  readonly atUnixMs: number;
  /** The agent that sent it; undefined when none did. */
  readonly sender: AgentId | undefined;
  /** The agent that it is for; undefined for a publish. */
  readonly target: AgentId | undefined;
  /** Topic of an event; undefined for a send. */
  readonly topic: TopicId | undefined;
  /** Session of the worker concerned; empty when none is. */
  readonly sessionId: string;
  /** Type of the message; of the reply, where a delivery ended with one. */
  readonly messageType: string;
  /** Size of the content in bytes. */
  readonly contentBytes: number;
  /** The failure; undefined otherwise. */
  readonly reason: FailureInfo | undefined;
  /** Sightings left out since the previous one because the reader was slow. */
  readonly missed: number;
}

const PHASES = new Map<WorkerPhase, WorkerInfo["phase"]>([
  [WorkerPhase.OPEN, "open"],
  [WorkerPhase.SUSPENDED, "suspended"],
  [WorkerPhase.LAPSED, "lapsed"],
  [WorkerPhase.DRAINING, "draining"],
]);

const KINDS = new Map<TailKind, Sighting["kind"]>([
  [TailKind.SEND, "send"],
  [TailKind.PUBLISH, "publish"],
  [TailKind.DELIVER, "deliver"],
  [TailKind.END, "end"],
  [TailKind.DEAD_LETTER, "dead-letter"],
  [TailKind.REFUSE, "refuse"],
]);

export function workerInfo(worker: Worker): WorkerInfo {
  return { ...worker, phase: PHASES.get(worker.phase) ?? "unknown" };
}

export function agentInfo({ activation, ...rest }: ActiveAgent): AgentInfo {
  return { id: agentOf(activation?.agent) ?? NOBODY, activation: activation?.number ?? 0, ...rest };
}

/** Reads an agent type. */
export function agentTypeInfo({ type, workers, agents }: KnownAgentType): AgentTypeInfo {
  const { name = "", description = "", handles = [] } = type ?? {};
  return { name, description, handles: handles.map(handledInfo), workers, agents };
}

function handledInfo(message: MessageSchemaMessage): HandledMessageInfo {
  const { messageType, replyType, replyStream, schemaType: mediaType, schema: data } = message;
  return {
    messageType,
    replyType: replyType === "" ? undefined : replyType,
    replyStream,
    schema: data.length === 0 ? undefined : { mediaType, data },
  };
}

export function subscriptionInfo(declared: Subscription, sessionId: string): SubscriptionInfo {
  const { id, match, agentType, durable } = declared;
  const kind = match?.$case === "topicTypePrefix" ? "prefix" : "exact";
  const text = match?.value ?? "";
  return { id, match: { kind, text }, agentType, sessionId, durable: durable?.name };
}

export function deadLetterInfo(letter: DeadLetter): DeadLetterInfo {
  const { id, messageType, attempts, crashes, acceptedUnixMs, parkedUnixMs, payloadBytes } = letter;
  const { subscription, traceId, replays } = letter;
  return {
    id,
    target: agentOf(letter.target) ?? NOBODY,
    sender: agentOf(letter.sender),
    topic: topicOf(letter.topic),
    messageType,
    reason: failureInfo(letter.error) ?? UNTOLD,
    attempts,
    crashes,
    acceptedUnixMs,
    firstDeliveredUnixMs: letter.firstDeliveredUnixMs || undefined,
    lastDeliveredUnixMs: letter.lastDeliveredUnixMs || undefined,
    parkedUnixMs,
    payloadBytes,
    subscription: subscription === "" ? undefined : subscription,
    traceId: traceId === "" ? undefined : traceId,
    replays,
    replayTarget: agentOf(letter.replayTarget),
  };
}

export function replayRefusal({ id, target, error }: RefusalMessage): ReplayRefusal {
  return { id, target: agentOf(target), reason: failureInfo(error) ?? UNTOLD };
}

export function durableInfo(standing: DurableSubscription): DurableSubscriptionInfo {
  const { subscription, oldestUnixMs, ...rest } = standing;
  const { match, agentType = "", durable } = subscription ?? {};
  const kind = match?.$case === "topicTypePrefix" ? "prefix" : "exact";
  return {
    name: durable?.name ?? "",
    match: { kind, text: match?.value ?? "" },
    agentType,
    maxAttempts: durable?.maxAttempts ?? 0,
    backoffMs: durable?.backoffMs ?? 0,
    maxRetryMs: durable?.maxRetryMs ?? 0,
    retentionMs: durable?.retentionMs ?? 0,
    ...rest,
    oldestUnixMs: oldestUnixMs === 0 ? undefined : oldestUnixMs,
  };
}

export function deadLetterWithContent(letter: DeadLetter): DeadLetterWithContent {
  const content: Partial<ContentMessage> = letter.content ?? {};
  const { contentType = "", data = new Uint8Array(), metadata = {} } = content;
  const { messageType } = letter;
  return {
    ...deadLetterInfo(letter),
    content: { messageType, contentType, data, metadata },
  };
}

export function sighting(seen: TailResponse): Sighting {
  const { id, atUnixMs, sessionId, messageType, contentBytes, missed } = seen;
  return {
    kind: KINDS.get(seen.kind) ?? "missed",
    id,
    atUnixMs,
    sender: agentOf(seen.sender),
    target: agentOf(seen.target),
    topic: topicOf(seen.topic),
    sessionId,
    messageType,
    contentBytes,
    reason: failureInfo(seen.error),
    missed,
  };
}

const NOBODY = new AgentId("", "");

const UNTOLD: FailureInfo = {
  code: "INTERNAL",
  text: "",
  outcome: "unknown",
  appCode: "",
  stack: "",
};

function failureInfo(error: ErrorMessage | undefined): FailureInfo | undefined {
  if (error === undefined) return undefined;
  const { code, text, outcome, appCode, stack } = fromErrorMessage(error);
  return { code, text, outcome, appCode, stack };
}

function agentOf(agent: AgentIdMessage | undefined): AgentId | undefined {
  return agent === undefined ? undefined : new AgentId(agent.type, agent.key);
}

function topicOf(topic: TopicIdMessage | undefined): TopicId | undefined {
  return topic === undefined ? undefined : new TopicId(topic.type, topic.source);
}
