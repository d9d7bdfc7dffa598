import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type Codec, payloadInvalid, refuseContentType } from "./codec.ts";
import { jsonPayload, parseJson } from "./json-text.ts";
import { isMediaType, JSON_MEDIA_TYPE } from "./media-type.ts";
import { schemaParser } from "./schema-check.ts";

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
      return jsonPayload(messageName, input);
    },
    decode(payload) {
      if (!isMediaType(payload.contentType, JSON_MEDIA_TYPE))
        throw refuseContentType(messageName, payload.contentType, [JSON_MEDIA_TYPE]);
      return parse(parseJson(messageName, payload));
    },
  };
}
