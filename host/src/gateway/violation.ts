import { type Failure, MeshError, meshError } from "@agentmesh/proto";

/** Why a session ends over what was thrown on purpose; undefined for a defect of this host. */
export function violationOf(error: unknown): Failure | undefined {
  return error instanceof MeshError ? error.failure : undefined;
}

/** What a batch is worth that cannot be read: generated decoders throw plain errors for malformed control frames. */
export function unreadable(error: unknown): MeshError {
  if (error instanceof MeshError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return meshError("PROTOCOL_VIOLATION", `malformed frame: ${text}`);
}
