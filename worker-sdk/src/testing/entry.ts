/** What a recorder notes, and how it is asked for. */
import type { AgentId, ErrorCode, Failure, TopicId } from "@agentmesh/proto";
import { type ContentBytes, decodeContent } from "@agentmesh/proto/wire";

/** What happened. */
export type EntryKind =
  /** A message left for one agent. */
  | "sent"
  /** An event left for a topic. */
  | "published"
  /** A message has come to its agent; it waits there for its turn. */
  | "delivered"
  /** A turn is over; see `outcome`. */
  | "turn"
  /** One reply of a stream has come to who asked. */
  | "chunk"
  /** A send is settled for who sent it; see `outcome`. */
  | "settled"
  /** A fault was put in the way of a message; see `fault`. */
  | "fault";

/** How a turn or a send ended. A turn that was `given-back` or `lost` is not told to anybody. */
export type EntryOutcome = "replied" | "done" | "failed" | "postponed" | "given-back" | "lost";

/** What can be put in the way of a message. */
export type FaultKind = "drop" | "delay" | "duplicate" | "cut";

/** What entries are made of. */
export interface EntryInit {
  readonly kind: EntryKind;
  readonly runtime: string;
  readonly atMs: number;
  readonly content: ContentBytes;
  readonly from: AgentId | undefined;
  readonly to: AgentId | undefined;
  readonly topic?: TopicId | undefined;
  readonly attempt?: number;
  readonly outcome?: EntryOutcome | undefined;
  readonly reply?: ContentBytes | undefined;
  readonly error?: Failure | undefined;
  readonly fault?: FaultKind | undefined;
}

/** One thing that happened to a message. */
export class Entry {
  /** What happened. */
  readonly kind: EntryKind;
  /** Name of the runtime where it happened. */
  readonly runtime: string;
  /** When, on the clock of the test, in milliseconds. */
  readonly atMs: number;
  /** Name of the message's type. */
  readonly messageType: string;
  /** The agent that sent the message; undefined when it came from outside of any agent. */
  readonly from: AgentId | undefined;
  /** The agent that it is for; undefined for what was published and has no receiver yet. */
  readonly to: AgentId | undefined;
  /** The topic of an event; undefined for a send. */
  readonly topic: TopicId | undefined;
  /** Which attempt at its delivery, from 1; 0 where there is none. */
  readonly attempt: number;
  /** How a turn or a send ended; undefined for the other kinds. */
  readonly outcome: EntryOutcome | undefined;
  /** Why it failed; undefined when it did not. */
  readonly error: Failure | undefined;
  /** What was put in its way; undefined for the other kinds. */
  readonly fault: FaultKind | undefined;
  readonly #content: ContentBytes;
  readonly #reply: ContentBytes | undefined;

  constructor(init: EntryInit) {
    this.kind = init.kind;
    this.runtime = init.runtime;
    this.atMs = init.atMs;
    this.messageType = decodeContent(init.content).messageType;
    this.from = init.from;
    this.to = init.to;
    this.topic = init.topic;
    this.attempt = init.attempt ?? 0;
    this.outcome = init.outcome;
    this.error = init.error;
    this.fault = init.fault;
    this.#content = init.content;
    this.#reply = init.reply;
  }

  /** The message as its sender wrote it: parsed JSON, or the bytes of another format. */
  get body(): unknown {
    return bodyOf(this.#content);
  }

  /** The reply, likewise; undefined without one. */
  get reply(): unknown {
    return this.#reply === undefined ? undefined : bodyOf(this.#reply);
  }

  /** One line for people. */
  toString(): string {
    const to = this.to?.text ?? this.topic?.toString() ?? "";
    const end = this.fault ?? this.error?.code ?? this.outcome;
    const way = `${this.from?.text ?? "outside"} → ${to}`;
    return `${this.kind} at ${this.atMs} ms: ${this.messageType} ${way}${end === undefined ? "" : `: ${end}`}`;
  }
}

/** Which entries are meant: those that agree in everything that is given. */
export interface EntryFilter {
  readonly kind?: EntryKind;
  /** Name of the runtime. */
  readonly runtime?: string;
  /** A message definition, or its name. */
  readonly message?: string | { readonly messageName: string };
  /** The agent that sent it, or its `type/key`. */
  readonly from?: AgentId | string;
  /** The agent that it is for, or its `type/key`. */
  readonly to?: AgentId | string;
  /** The topic, or its `type/source`. */
  readonly topic?: TopicId | string;
  /** How a turn or a send ended. */
  readonly outcome?: EntryOutcome;
  /** Code of the failure. */
  readonly error?: ErrorCode;
  /** What was put in its way. */
  readonly fault?: FaultKind;
  /** Anything else. */
  readonly where?: (entry: Entry) => boolean;
}

/** Whether an entry is meant. */
export function isMeant(entry: Entry, filter: EntryFilter): boolean {
  const { message, where } = filter;
  const messageType = typeof message === "string" ? message : message?.messageName;
  return (
    agrees(filter.kind, entry.kind) &&
    agrees(filter.runtime, entry.runtime) &&
    agrees(messageType, entry.messageType) &&
    agrees(textOf(filter.from), textOf(entry.from)) &&
    agrees(textOf(filter.to), textOf(entry.to)) &&
    agrees(textOf(filter.topic), textOf(entry.topic)) &&
    agrees(filter.outcome, entry.outcome) &&
    agrees(filter.error, entry.error?.code) &&
    agrees(filter.fault, entry.fault) &&
    (where === undefined || where(entry))
  );
}

/** What is meant, for people. */
export function describeFilter(filter: EntryFilter): string {
  const parts = Object.entries(filter).map(([name, value]) => {
    if (name === "where") return "where …";
    if (name === "message" && typeof value !== "string") return `message ${value.messageName}`;
    return `${name} ${value}`;
  });
  return parts.length === 0 ? "anything" : parts.join(", ");
}

function agrees<Value>(wanted: Value | undefined, found: Value | undefined): boolean {
  return wanted === undefined || wanted === found;
}

function textOf(id: AgentId | TopicId | string | undefined): string | undefined {
  return id?.toString();
}

function bodyOf(content: ContentBytes): unknown {
  const { contentType, data } = decodeContent(content);
  const isJson = contentType === "" || contentType.startsWith("application/json");
  return isJson ? JSON.parse(Buffer.from(data).toString()) : data;
}
