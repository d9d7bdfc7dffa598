import { handlerFailure, MeshError, meshError } from "@agentmesh/proto";
import { JSON_MEDIA_TYPE } from "./media-type.ts";
import type { EncodedPayload } from "./message-type.ts";

/** How the messages of one type become payloads and back: the seam between `defineMessage` and the formats. */
export interface Codec<Input, Output> {
  /** Validates and encodes. @throws MeshError `PAYLOAD_INVALID`. */
  encode(input: Input): EncodedPayload;
  /** Decodes and validates. @throws MeshError `PAYLOAD_INVALID`. */
  decode(payload: EncodedPayload): Output;
}

/** A `PAYLOAD_INVALID` error that names the message type. */
export function payloadInvalid(messageName: string, reason: string, cause?: unknown): MeshError {
  return meshError("PAYLOAD_INVALID", `message ${messageName}: ${reason}`, { cause });
}

/** What went wrong, as the part of a sentence. It never throws, whatever was thrown. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof MeshError ? thrown.failure.text : handlerFailure(thrown).text;
}

/** A `PAYLOAD_INVALID` error for a payload of a media type that its message type cannot read. */
export function refuseContentType(
  messageName: string,
  contentType: string,
  readable: readonly string[],
): MeshError {
  const arrived = contentType === "" ? JSON_MEDIA_TYPE : contentType;
  const expected = readable.join(" or ");
  return payloadInvalid(messageName, `the content type is ${arrived}, expected ${expected}`);
}
