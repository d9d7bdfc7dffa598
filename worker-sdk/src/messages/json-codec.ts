import { isUtf8 } from "node:buffer";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type Codec, checkContentType, payloadInvalid, reasonOf } from "./codec.ts";
import { findJsonObstacle, formatPath } from "./json-path.ts";
import type { EncodedPayload } from "./message-type.ts";
import { schemaParser } from "./schema-check.ts";

const MEDIA_TYPE = "application/json";

/**
 * JSON, checked by a schema on both ends: the sender validates and transmits the schema's input, the receiver parses it
 * to the schema's output. As in `JSON.stringify`, undefined properties are left out.
 */
export function jsonCodec<Input, Output>(
  messageName: string,
  schema: StandardSchemaV1<Input, Output>,
): Codec<Input, Output> {
  const parse = schemaParser(schema, (reason, cause) => payloadInvalid(messageName, reason, cause));
  return {
    encode(input) {
      parse(input);
      // An empty content type means JSON and is free on the wire.
      return { contentType: "", data: Buffer.from(stringify(messageName, input)) };
    },
    decode(payload) {
      if (payload.contentType !== "")
        checkContentType(messageName, payload.contentType, MEDIA_TYPE);
      return parse(parseJson(messageName, payload));
    },
  };
}

function stringify(messageName: string, input: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(input);
  } catch (error) {
    throw payloadInvalid(messageName, describeRefusal(input, error), error);
  }
  if (text === undefined) throw payloadInvalid(messageName, `JSON cannot carry ${typeName(input)}`);
  return text;
}

function typeName(input: unknown): string {
  return input === undefined ? "undefined" : `a value of type ${typeof input}`;
}

function describeRefusal(input: unknown, error: unknown): string {
  const obstacle = findJsonObstacle(input);
  if (obstacle === undefined) return `it does not become JSON: ${reasonOf(error)}`;
  const path = formatPath(obstacle.path);
  return path === "" ? obstacle.reason : `${path}: ${obstacle.reason}`;
}

function parseJson(messageName: string, payload: EncodedPayload): unknown {
  const { data } = payload;
  const bytes = Buffer.isBuffer(data)
    ? data
    : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const text = bytes.toString();
  // Broken UTF-8 decodes to this character: the bytes need a second look only where it occurs.
  if (text.includes("\uFFFD") && !isUtf8(bytes))
    throw payloadInvalid(messageName, "it is not UTF-8");
  try {
    return JSON.parse(text);
  } catch (error) {
    throw payloadInvalid(messageName, `it is not JSON: ${reasonOf(error)}`, error);
  }
}
