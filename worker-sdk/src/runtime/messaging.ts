import type { AgentId, TopicId } from "@agentmesh/proto";
import type { Messenger, PublishOptions, SendOptions, StreamOptions } from "../agent/context.ts";
import type { ElementStream } from "../connection/stream-reader.ts";
import type {
  Message,
  MessageType,
  NoReply,
  OneReply,
  ReplyType,
  StreamReply,
} from "../messages/message-type.ts";

/** A message type with its types erased. */
export type OutgoingType = MessageType<unknown, unknown, ReplyType>;

/** A message with its types erased. */
export interface OutgoingMessage {
  readonly type: OutgoingType;
  readonly input: unknown;
}

/** Sends messages whose types are erased. One who is allowed to speak implements it: a turn, a runtime, a client. */
export interface Speaker {
  /** Resolves to the decoded reply. */
  ask(target: AgentId, message: OutgoingMessage, options: SendOptions): Promise<unknown>;
  /** Yields the decoded replies. */
  askStream(
    target: AgentId,
    message: OutgoingMessage,
    options: StreamOptions,
  ): ElementStream<unknown>;
  /** Resolves when the event was accepted. */
  tell(topic: TopicId, message: OutgoingMessage, options: PublishOptions): Promise<void>;
}

const NO_OPTIONS = {};

/** The typed face of a {@link Speaker}: the one place where message types turn into the types of replies. */
export class Messaging implements Messenger {
  #speaker: Speaker;

  constructor(speaker: Speaker) {
    this.#speaker = speaker;
  }

  /** From now on another speaker says what is said here; it is made from the one who said it before. */
  protected speakThrough(wrap: (speaker: Speaker) => Speaker): void {
    this.#speaker = wrap(this.#speaker);
  }

  /** Asks one agent, see {@link Messenger.send}. @throws MeshError with any code. */
  send<Input>(
    target: AgentId,
    message: Message<Input, unknown, NoReply>,
    options?: SendOptions,
  ): Promise<void>;
  send<Input, Reply>(
    target: AgentId,
    message: Message<Input, unknown, OneReply<never, Reply>>,
    options?: SendOptions,
  ): Promise<Reply>;
  send(target: AgentId, message: OutgoingMessage, options?: SendOptions): Promise<unknown> {
    return this.#speaker.ask(target, message, options ?? NO_OPTIONS);
  }

  stream<Input, Reply>(
    target: AgentId,
    message: Message<Input, unknown, StreamReply<never, Reply>>,
    options?: StreamOptions,
  ): AsyncIterable<Reply>;
  stream(
    target: AgentId,
    message: OutgoingMessage,
    options?: StreamOptions,
  ): AsyncIterable<unknown> {
    return this.#speaker.askStream(target, message, options ?? NO_OPTIONS);
  }

  publish<Input>(
    topic: TopicId,
    message: Message<Input, unknown, NoReply>,
    options?: PublishOptions,
  ): Promise<void>;
  publish(topic: TopicId, message: OutgoingMessage, options?: PublishOptions): Promise<void> {
    return this.#speaker.tell(topic, message, options ?? NO_OPTIONS);
  }
}
