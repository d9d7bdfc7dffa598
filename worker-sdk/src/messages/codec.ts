import { MeshError, meshError } from "@agentmesh/proto";
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

/** What went wrong, as the part of a sentence. */
export function reasonOf(thrown: unknown): string {
  if (thrown instanceof MeshError) return thrown.message.slice(thrown.code.length + 2);
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/**
 * Checks that a payload is of `mediaType`. Parameters such as `; charset=utf-8` and the case of letters do not matter.
 * @throws MeshError `PAYLOAD_INVALID` when it is not.
 */
export function checkContentType(
  messageName: string,
  contentType: string,
  mediaType: string,
): void {
  if (contentType === mediaType) return;
  const [essence = ""] = contentType.split(";", 1);
  if (essence.trim().toLowerCase() === mediaType) return;
  const arrived = contentType === "" ? "application/json" : contentType;
  throw payloadInvalid(messageName, `the content type is ${arrived}, expected ${mediaType}`);
}
