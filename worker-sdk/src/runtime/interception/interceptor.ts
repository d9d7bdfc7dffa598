import type { AgentId, TopicId } from "@agentmesh/proto";
import type { MessageType, ReplyType } from "../../messages/message-type.ts";

/** What interceptors see of every message. `body` gets its type from {@link carries}. */
export interface Intercepted {
  /** Its message type; a nameless one when it is a `RawMessage`. */
  readonly type: MessageType<unknown, unknown, ReplyType>;
  /** The message itself. It may be shared with its sender: give back another one instead of changing it. */
  readonly body: unknown;
}

/** A send, or a request for a stream of replies, before it is validated and encoded. */
export interface OutgoingSend extends Intercepted {
  readonly kind: "send";
  /** The agent that sends; undefined outside of any agent. */
  readonly sender: AgentId | undefined;
  /** The agent that it is for. */
  readonly target: AgentId;
  /** Pairs that travel along. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** An event, before it is validated and encoded. */
export interface OutgoingEvent extends Intercepted {
  readonly kind: "event";
  /** The agent that publishes; undefined outside of any agent. */
  readonly sender: AgentId | undefined;
  /** The topic that it is published to. */
  readonly topic: TopicId;
  /** Pairs that travel along. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** A message that has been decoded and whose handler is about to run. */
export interface ReceivedMessage extends Intercepted {
  /** `received`, for a send and for an event alike; an event has a `topic`. */
  readonly kind: "received";
  /** The agent that is about to handle it. */
  readonly receiver: AgentId;
  /** The agent that sent it; undefined when it came from outside of any agent. */
  readonly sender: AgentId | undefined;
  /** The topic of an event; undefined for a send. */
  readonly topic: TopicId | undefined;
  /** Id of the message, the same over all attempts. */
  readonly messageId: string;
  /** Which attempt this is, from 1. */
  readonly attempt: number;
  /** What the handler sees as `ctx.metadata`. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** A reply of a handler, or one element of its stream of replies, before it is validated and encoded. */
export interface OutgoingReply extends Intercepted {
  readonly kind: "reply" | "chunk";
  /** The agent that replies. */
  readonly sender: AgentId;
  /** The agent that asked; undefined when the request came from outside of any agent. */
  readonly receiver: AgentId | undefined;
}

/** The decision of an interceptor that a message goes no further. Made by {@link drop}. */
export class Dropped {
  /** Why, for people; may be empty. */
  readonly reason: string;

  /** Use {@link drop}. */
  constructor(reason: string) {
    this.reason = reason;
  }
}

/**
 * Drops a message: return it from a hook of an {@link Interceptor}.
 * @param reason why, for the error that the sender gets. Default: none.
 */
export function drop(reason = ""): Dropped {
  return new Dropped(reason);
}

/** What an interceptor decides of a message: nothing to let it pass, another one in its place, or {@link drop}. */
// biome-ignore lint/suspicious/noConfusingVoidType: a hook that only looks returns nothing
export type Decision<Subject> = Subject | Dropped | undefined | void;

/** What a hook answers: its {@link Decision}, or a promise of it. */
export type Verdict<Subject> = Decision<Subject> | Promise<Decision<Subject>>;

/**
 * Sees the messages of one runtime or client, may change them and may drop them. Every hook may be left out. Several
 * interceptors act in the order in which they were given to `use`, each on what the one before it has left.
 *
 * What a hook throws fails the message. The sender of a send or event gets that very error; a received message and a
 * reply fail as if the handler had thrown it, except that for a received message the outcome is `not-executed`.
 *
 * A hook that answers at once keeps the order of messages. One that answers with a promise holds its message back, and
 * later ones may overtake a send or event; a received message and a reply keep their place, because their turn waits.
 * What hooks take counts as time of the message: a send or event that they hold fails at its deadline all the same.
 */
export interface Interceptor {
  /**
   * Before a send leaves, also one for a stream of replies. It may change `target`, `body` and `metadata`. When it drops
   * the send, the caller gets `MESSAGE_DROPPED` with outcome `not-executed`.
   */
  send?(send: OutgoingSend): Verdict<OutgoingSend>;
  /**
   * Before an event leaves. It may change `topic`, `body` and `metadata`. When it drops the event, the publisher gets
   * `MESSAGE_DROPPED` with outcome `not-executed`.
   */
  publish?(event: OutgoingEvent): Verdict<OutgoingEvent>;
  /**
   * Before a handler runs, once per attempt. It may change `body` and `metadata`. When it drops a send, the sender gets
   * `MESSAGE_DROPPED` with outcome `not-executed`; a dropped event counts as handled. Without effect on a client.
   */
  receive?(message: ReceivedMessage): Verdict<ReceivedMessage>;
  /**
   * After a handler has replied, and for every element of a stream of replies. It may change `body`. When it drops a
   * reply, the sender gets `MESSAGE_DROPPED` with outcome `executed`; a dropped element is left out of its stream.
   * Without effect on a client.
   */
  reply?(reply: OutgoingReply): Verdict<OutgoingReply>;
}

/**
 * Whether a message is of this type; then its body is typed: what senders give, or for a received message what handlers
 * get.
 */
export function carries<Subject extends Intercepted, Input, Output>(
  message: Subject,
  type: MessageType<Input, Output, ReplyType>,
): message is Subject & { readonly body: Subject extends ReceivedMessage ? Output : Input } {
  return message.type.messageName === type.messageName;
}
