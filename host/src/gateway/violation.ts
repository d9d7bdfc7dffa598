import { type Failure, failure, MeshError } from "@agentmesh/proto";

/** Why a session ends over what was thrown while its frames were read or taken. */
export function violationOf(error: unknown): Failure {
  if (error instanceof MeshError) {
    return failure(error.code, error.message.slice(error.code.length + 2));
  }
  // Generated decoders throw plain errors for malformed control frames; anything else is a defect of ours, and the
  // text tells which.
  const text = error instanceof Error ? error.message : String(error);
  return failure("PROTOCOL_VIOLATION", `malformed frame: ${text}`);
}
