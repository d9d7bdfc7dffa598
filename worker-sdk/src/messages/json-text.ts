import { isUtf8 } from "node:buffer";
import { payloadInvalid, reasonOf } from "./codec.ts";
import { findJsonObstacle, formatPath } from "./json-path.ts";
import type { EncodedPayload } from "./message-type.ts";

/** A payload of JSON. Its content type is empty: that means JSON and is free on the wire. */
export function jsonPayload(messageName: string, value: unknown): EncodedPayload {
  return { contentType: "", data: Buffer.from(stringify(messageName, value)) };
}

/** Parses a payload of JSON. @throws MeshError `PAYLOAD_INVALID`. */
export function parseJson(messageName: string, payload: EncodedPayload): unknown {
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
