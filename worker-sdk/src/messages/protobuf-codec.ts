import { invalid } from "@agentmesh/proto";
import { type Codec, payloadInvalid, reasonOf, refuseContentType } from "./codec.ts";
import { jsonPayload, parseJson } from "./json-text.ts";
import { isMediaType, JSON_MEDIA_TYPE, PROTOBUF_MEDIA_TYPE } from "./media-type.ts";
import type { EncodedPayload } from "./message-type.ts";

/**
 * What is used of a protobuf message type: one that ts-proto generated (the object of the same name as the interface),
 * or one loaded at run time by `loadProtobuf`.
 */
export interface ProtobufType<Message> {
  /** Encodes a message into a writer. */
  encode(message: Message): { finish(): Uint8Array };
  /** Decodes a message. */
  decode(bytes: Uint8Array): Message;
  /** The message in protobuf's JSON mapping. Without it the type cannot be sent as JSON. */
  toJSON?(message: Message): unknown;
  /** A message from protobuf's JSON mapping. Without it the type cannot be received as JSON. */
  fromJSON?(json: unknown): Message;
  /** A `google.protobuf.FileDescriptorSet` that describes the type, encoded; undefined when there is none. */
  descriptorSet?(): Uint8Array | undefined;
}

/** As what a message is sent. */
export type Encoding = "json" | "protobuf";

/**
 * Protobuf by generated or loaded code. It is sent as `encoding` says; what arrives may be either, as far as the type
 * knows its JSON mapping.
 * @throws MeshError `INVALID_ARGUMENT` when it is to be sent as JSON and has no `toJSON`.
 */
export function protobufCodec<Message>(
  messageName: string,
  type: ProtobufType<Message>,
  encoding: Encoding = "protobuf",
): Codec<Message, Message> {
  const read = readers(messageName, type);
  if (encoding === "protobuf")
    return { encode: (input) => write(messageName, type, input), ...read };
  if (type.toJSON === undefined) {
    throw invalid(`message ${messageName} cannot be sent as JSON: its type has no toJSON`);
  }
  return { encode: (input) => writeJson(messageName, type, input), ...read };
}

function write<Message>(
  messageName: string,
  type: ProtobufType<Message>,
  input: Message,
): EncodedPayload {
  try {
    return { contentType: PROTOBUF_MEDIA_TYPE, data: type.encode(input).finish() };
  } catch (error) {
    throw payloadInvalid(messageName, `it does not become protobuf: ${reasonOf(error)}`, error);
  }
}

function writeJson<Message>(
  messageName: string,
  type: ProtobufType<Message>,
  input: Message,
): EncodedPayload {
  let json: unknown;
  try {
    json = type.toJSON?.(input);
  } catch (error) {
    throw payloadInvalid(messageName, `it does not become JSON: ${reasonOf(error)}`, error);
  }
  return jsonPayload(messageName, json);
}

function readers<Message>(
  messageName: string,
  type: ProtobufType<Message>,
): Pick<Codec<Message, Message>, "decode"> {
  const readable = [PROTOBUF_MEDIA_TYPE];
  if (type.fromJSON !== undefined) readable.push(JSON_MEDIA_TYPE);
  return {
    decode(payload) {
      const { contentType } = payload;
      if (isMediaType(contentType, PROTOBUF_MEDIA_TYPE)) return read(messageName, type, payload);
      if (type.fromJSON === undefined || !isMediaType(contentType, JSON_MEDIA_TYPE)) {
        throw refuseContentType(messageName, contentType, readable);
      }
      const json = parseJson(messageName, payload);
      try {
        return type.fromJSON(json);
      } catch (error) {
        throw payloadInvalid(messageName, `it is not of this type: ${reasonOf(error)}`, error);
      }
    },
  };
}

function read<Message>(
  messageName: string,
  type: ProtobufType<Message>,
  { data }: EncodedPayload,
): Message {
  try {
    // Decoded `bytes` fields are views of what they were read from. A copy keeps receivers of one event apart, and a
    // small field from holding on to the batch in which it arrived.
    return type.decode(Buffer.from(data));
  } catch (error) {
    const reason = `it is not protobuf of this type: ${reasonOf(error)}`;
    throw payloadInvalid(messageName, reason, error);
  }
}
