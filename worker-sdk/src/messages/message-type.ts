import type { MessageSchema } from "./message-schema.ts";

/** What a message on its way holds beside its type: the encoded payload. */
export interface EncodedPayload {
  /** Media type; empty means `application/json`. */
  readonly contentType: string;
  /** The encoded message. */
  readonly data: Uint8Array;
}

/**
 * A kind of message: its name, how it is encoded and decoded, and what answers it. `Input` is what senders give,
 * `Output` what handlers get.
 */
export interface MessageType<Input, Output, Reply extends ReplyType> {
  /** Name on the wire, 1–256 bytes; unique within a mesh. */
  readonly messageName: string;
  /** What answers it. */
  readonly reply: Reply;
  /** Validates and encodes what a sender gives. @throws MeshError `PAYLOAD_INVALID`. */
  encode(input: Input): EncodedPayload;
  /** Decodes and validates what arrived. @throws MeshError `PAYLOAD_INVALID`. */
  decode(payload: EncodedPayload): Output;
  /** What others are told of its content; undefined, and left out, when nothing but the name is. */
  describe?(): MessageSchema | undefined;
}

/** A message type as `defineMessage` makes it. Calling it makes a message: `Ask({ question: "why?" })`. */
export interface MessageDefinition<Input, Output, Reply extends ReplyType>
  extends MessageType<Input, Output, Reply> {
  /** Makes a message; nothing is checked before it is sent. */
  (input: Input): Message<Input, Output, Reply>;
}

/** One message, ready to be sent. */
export interface Message<Input, Output, Reply extends ReplyType> {
  /** What it is a message of. */
  readonly type: MessageType<Input, Output, Reply>;
  /** What the sender gave; it is validated when it is sent. */
  readonly input: Input;
}

/** Nothing answers: handlers return nothing. */
export interface NoReply {
  readonly kind: "none";
}

/** One message answers. */
export interface OneReply<Input, Output> {
  readonly kind: "one";
  /** That of the reply. */
  readonly type: MessageType<Input, Output, ReplyType>;
}

/** A stream of messages answers. */
export interface StreamReply<Input, Output> {
  readonly kind: "stream";
  /** That of each reply. */
  readonly type: MessageType<Input, Output, ReplyType>;
}

/** What answers is not known beforehand: a message as it goes over the wire, or nothing. Only unknown messages are so. */
export interface RawReply {
  readonly kind: "raw";
}

/** What answers a message. */
export type ReplyType = NoReply | OneReply<never, unknown> | StreamReply<never, unknown> | RawReply;
