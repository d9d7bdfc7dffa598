import { invalid } from "@agentmesh/proto";
import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";
import { PROTOBUF_MEDIA_TYPE } from "./media-type.ts";

const JSON_SCHEMA_MEDIA_TYPE = "application/schema+json";
const JSON_SCHEMA_VERSION = "draft-2020-12";

/** What a message type looks like, for who is not written with it at hand. */
export interface MessageSchema {
  /** `application/schema+json`, or `application/x-protobuf` for a `google.protobuf.FileDescriptorSet`. */
  readonly mediaType: string;
  /** The schema, encoded. */
  readonly data: Uint8Array;
}

/** A schema as a user gives it: a JSON Schema as a value, or an encoded `google.protobuf.FileDescriptorSet`. */
export type SchemaOption = Readonly<Record<string, unknown>> | Uint8Array;

/** Tells the schema, once it is asked for. Undefined when there is none that can be told. Never throws. */
export type Describe = () => MessageSchema | undefined;

/** @throws MeshError `INVALID_ARGUMENT` when it is no JSON. */
export function givenSchema(messageName: string, option: SchemaOption): Describe {
  const schema = option instanceof Uint8Array ? descriptorSet(option) : jsonSchema(option);
  if (schema === undefined) throw invalid(`message ${messageName}: the option schema is not JSON`);
  return () => schema;
}

/**
 * The JSON Schema of what senders give, from a Standard Schema that can tell it (zod since 4.2, arktype, valibot by
 * `toStandardJsonSchema`).
 */
export function describeStandard(schema: StandardSchemaV1): Describe {
  return once(() => {
    const standard: Partial<StandardJSONSchemaV1.Props> = schema["~standard"];
    const converted = standard.jsonSchema?.input({ target: JSON_SCHEMA_VERSION });
    return converted === undefined ? undefined : jsonSchema(converted);
  });
}

/** The descriptors of a protobuf type that can tell them. */
export function describeProtobuf(type: { descriptorSet?(): Uint8Array | undefined }): Describe {
  return once(() => {
    const data = type.descriptorSet?.();
    return data === undefined ? undefined : descriptorSet(data);
  });
}

function descriptorSet(data: Uint8Array): MessageSchema {
  return { mediaType: PROTOBUF_MEDIA_TYPE, data };
}

function jsonSchema(schema: unknown): MessageSchema | undefined {
  try {
    return { mediaType: JSON_SCHEMA_MEDIA_TYPE, data: Buffer.from(JSON.stringify(schema)) };
  } catch {
    // A cycle or a BigInt: there is nothing that could be told.
    return undefined;
  }
}

function once(describe: Describe): Describe {
  let told: { readonly schema: MessageSchema | undefined } | undefined;
  return () => {
    told ??= { schema: unlessThrown(describe) };
    return told.schema;
  };
}

/** A library refuses what its target cannot say, such as a date in JSON Schema: then the name has to do. */
function unlessThrown(describe: Describe): MessageSchema | undefined {
  try {
    return describe();
  } catch {
    return undefined;
  }
}
