import { invalid, type MeshError, meshError } from "@agentmesh/proto";
import {
  type Content,
  type ContentBytes,
  decodeContent,
  encodeContent,
} from "@agentmesh/proto/wire";
import { checkRaw } from "../agent/unknown-message.ts";
import { reasonOf } from "../messages/codec.ts";
import type { EncodedPayload, MessageType, ReplyType } from "../messages/message-type.ts";
import type { OutgoingMessage } from "./messaging.ts";

/** What may travel with a message. */
export interface Enclosure {
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly messageId?: string | undefined;
}

const LARGEST_UINT32 = 0xffffffff;

/**
 * Encodes a message with what travels along.
 * @throws MeshError `PAYLOAD_INVALID` when it does not fit its type, `PAYLOAD_TOO_LARGE` above `maxBytes`.
 */
export function encodeMessage(
  message: OutgoingMessage,
  enclosure: Enclosure,
  maxBytes: number,
): ContentBytes {
  const { messageName } = message.type;
  return enclose(messageName, message.type.encode(message.input), enclosure, maxBytes);
}

/**
 * Encodes what a handler returned as the reply that its message promises; undefined where nothing answers.
 * @throws MeshError as {@link encodeMessage}.
 */
export function encodeReply(
  reply: ReplyType,
  value: unknown,
  maxBytes: number,
): ContentBytes | undefined {
  if (reply.kind === "one") return encodeAs(reply.type, value, maxBytes);
  if (reply.kind !== "raw" || value === undefined) return undefined;
  const message = checkRaw(value);
  return enclose(message.messageName, message, NOTHING, maxBytes);
}

/** Encodes a reply, or an element of a stream of them. @throws MeshError as {@link encodeMessage}. */
export function encodeAs(
  type: MessageType<never, unknown, ReplyType>,
  reply: unknown,
  maxBytes: number,
): ContentBytes {
  const erased: { encode(input: unknown): EncodedPayload } = type;
  return enclose(type.messageName, erased.encode(reply), NOTHING, maxBytes);
}

const NOTHING: Enclosure = {};

function enclose(
  messageType: string,
  payload: EncodedPayload,
  enclosure: Enclosure,
  maxBytes: number,
): ContentBytes {
  const content = encodeContent({
    messageType,
    contentType: payload.contentType,
    data: payload.data,
    traceparent: "",
    tracestate: "",
    metadata: enclosure.metadata,
    messageId: enclosure.messageId ?? "",
  });
  if (content.length <= maxBytes) return content;
  const text = `message ${messageType} has ${content.length} bytes; the most is ${maxBytes}`;
  throw meshError("PAYLOAD_TOO_LARGE", text);
}

/**
 * Decodes a reply to a message of type `asked`.
 * @throws MeshError `PAYLOAD_INVALID` when it is of another type than announced, or does not fit it.
 */
export function decodeReply(
  asked: string,
  type: MessageType<never, unknown, ReplyType>,
  bytes: ContentBytes,
): unknown {
  let content: Content;
  try {
    content = decodeContent(bytes);
    if (content.messageType === type.messageName) return type.decode(content);
  } catch (error) {
    throw wrongReply(`the reply to ${asked} cannot be read: ${reasonOf(error)}`, error);
  }
  const text = `${asked} was answered with ${content.messageType}; expected ${type.messageName}`;
  throw wrongReply(text);
}

/** The error for an answer that is not what the message type promises. The handler ran. */
export function wrongReply(text: string, cause?: unknown): MeshError {
  return meshError("PAYLOAD_INVALID", text, { outcome: "executed", cause });
}

/** @throws MeshError `INVALID_ARGUMENT` unless `timeoutMs` is above 0 and fits the wire. */
export function checkTimeout(timeoutMs: number): number {
  if (timeoutMs > 0 && timeoutMs <= LARGEST_UINT32) return Math.ceil(timeoutMs);
  throw invalid(`timeoutMs must be above 0 and at most ${LARGEST_UINT32}, not ${timeoutMs}`);
}
