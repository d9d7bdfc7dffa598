import { invalid, quote } from "@agentmesh/proto";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Codec } from "./codec.ts";
import { jsonCodec } from "./json-codec.ts";
import {
  type Describe,
  describeProtobuf,
  describeStandard,
  givenSchema,
  type SchemaOption,
} from "./message-schema.ts";
import type {
  Message,
  MessageDefinition,
  MessageType,
  NoReply,
  OneReply,
  ReplyType,
  StreamReply,
} from "./message-type.ts";
import { type Encoding, type ProtobufType, protobufCodec } from "./protobuf-codec.ts";

const MAX_NAME_BYTES = 256;

/** What can be named as the reply of a message: a message type, `stream(type)`, or nothing. */
export type ReplyOption =
  | MessageType<never, unknown, ReplyType>
  | StreamReply<never, unknown>
  | undefined;

/** The reply type that a {@link ReplyOption} stands for. */
export type ReplyOf<Option extends ReplyOption> =
  Option extends StreamReply<never, unknown>
    ? Option
    : Option extends MessageType<infer Input, infer Output, ReplyType>
      ? OneReply<Input, Output>
      : NoReply;

/** Options of {@link defineMessage}. */
export interface MessageOptions<Reply extends ReplyOption> {
  /** What answers the message: a message type, `stream(type)` for many. Default: nothing does, and handlers return nothing. */
  readonly reply?: Reply | undefined;
  /**
   * As what the message is sent: `json` or `protobuf`. What arrives may be either where the type can read it. Default:
   * `json` for a Standard Schema, which knows nothing else, and `protobuf` for a protobuf type.
   */
  readonly encoding?: Encoding | undefined;
  /**
   * What others are told of the content: a JSON Schema, or an encoded `google.protobuf.FileDescriptorSet`; up to 64 KiB.
   * Default: what the Standard Schema or the protobuf type itself can tell, otherwise nothing but the name.
   */
  readonly schema?: SchemaOption | undefined;
}

/**
 * Defines a message that travels as JSON. `schema` is any Standard Schema (zod, valibot, arktype, …) that validates
 * synchronously: senders give its input, handlers get its output.
 * @param name name on the wire, 1–256 bytes of UTF-8; unique within a mesh.
 * @throws MeshError `INVALID_ARGUMENT` when the name breaks its grammar, or an option does not fit.
 */
export function defineMessage<
  Schema extends StandardSchemaV1,
  Reply extends ReplyOption = undefined,
>(
  name: string,
  schema: Schema,
  options?: MessageOptions<Reply>,
): MessageDefinition<
  StandardSchemaV1.InferInput<Schema>,
  StandardSchemaV1.InferOutput<Schema>,
  ReplyOf<Reply>
>;
/**
 * Defines a message that travels as protobuf, by a type that ts-proto generated or that `loadProtobuf` loaded.
 * @param name name on the wire, 1–256 bytes of UTF-8, by custom the full name of the protobuf message.
 * @throws MeshError `INVALID_ARGUMENT` when the name breaks its grammar, or an option does not fit.
 */
export function defineMessage<Content, Reply extends ReplyOption = undefined>(
  name: string,
  type: ProtobufType<Content>,
  options?: MessageOptions<Reply>,
): MessageDefinition<Content, Content, ReplyOf<Reply>>;
export function defineMessage(
  name: string,
  schema: StandardSchemaV1 | ProtobufType<unknown>,
  options: MessageOptions<ReplyOption> = {},
): MessageDefinition<unknown, unknown, ReplyType> {
  checkMessageName(name);
  const { codec, describe } = formatOf(name, schema, options.encoding);
  const told = options.schema === undefined ? describe : givenSchema(name, options.schema);
  return callable(name, codec, told, replyOf(options.reply));
}

/** Marks the reply of a message as a stream of messages of this type. */
export function stream<Input, Output>(
  type: MessageType<Input, Output, ReplyType>,
): StreamReply<Input, Output> {
  return { kind: "stream", type };
}

function checkMessageName(name: string): void {
  const bytes = Buffer.from(name);
  if (bytes.length === 0 || bytes.length > MAX_NAME_BYTES || bytes.toString() !== name) {
    throw invalid(`message name ${quote(name)} is not 1–${MAX_NAME_BYTES} bytes of UTF-8`);
  }
}

interface Format {
  readonly codec: Codec<unknown, unknown>;
  readonly describe: Describe;
}

function formatOf(
  name: string,
  schema: StandardSchemaV1 | ProtobufType<unknown>,
  encoding: Encoding | undefined,
): Format {
  // Asked first: schemas of some libraries have methods `encode` and `decode` too.
  if ("~standard" in schema) {
    if (encoding === "protobuf") {
      throw invalid(
        `message ${name} cannot be sent as protobuf: a Standard Schema knows JSON only`,
      );
    }
    return { codec: jsonCodec(name, schema), describe: describeStandard(schema) };
  }
  if (typeof schema.encode === "function" && typeof schema.decode === "function") {
    return { codec: protobufCodec(name, schema, encoding), describe: describeProtobuf(schema) };
  }
  throw invalid(`message ${name}: the schema is neither a Standard Schema nor a protobuf type`);
}

function replyOf(option: ReplyOption): ReplyType {
  if (option === undefined) return { kind: "none" };
  return "kind" in option ? option : { kind: "one", type: option };
}

function callable<Input, Output, Reply extends ReplyType>(
  messageName: string,
  codec: Codec<Input, Output>,
  describe: Describe,
  reply: Reply,
): MessageDefinition<Input, Output, Reply> {
  const make = (input: Input): Message<Input, Output, Reply> => ({ type: definition, input });
  const definition = Object.assign(make, {
    messageName,
    reply,
    encode: codec.encode,
    decode: codec.decode,
    describe,
  });
  return definition;
}
