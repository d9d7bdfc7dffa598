import { type ErrorCode, type Failure, failure, PROTOCOL_VERSION } from "@agentmesh/proto";
import type { Hello, Welcome } from "@agentmesh/proto/agentmesh/v1";
import { encodeUnnumbered } from "@agentmesh/proto/link";
import { appendWorkerFrame, readHostBatch } from "@agentmesh/proto/wire";

/** The first batch of a stream: Hello, with what has been received in the session that it resumes. */
export function helloBatch(hello: Hello, receivedThrough: number): Buffer {
  const frame = { kind: "control", control: { $case: "hello", value: hello } } as const;
  return encodeUnnumbered(appendWorkerFrame, frame, receivedThrough);
}

/** What the host's first batch says. */
export type HandshakeOutcome =
  | { readonly kind: "welcomed"; readonly welcome: Welcome; readonly receivedThrough: number }
  /** The peer does not speak the protocol. */
  | { readonly kind: "failed"; readonly failure: Failure };

/** Reads the host's first batch. Never throws. */
export function readWelcome(bytes: Buffer): HandshakeOutcome {
  try {
    const { frames, receivedThrough } = readHostBatch(bytes);
    const [frame] = frames;
    if (frames.length !== 1 || frame?.kind !== "control" || frame.control.$case !== "welcome") {
      return violation("the host's first batch is not one Welcome");
    }
    const welcome = frame.control.value;
    const { min, max } = PROTOCOL_VERSION;
    if (welcome.version < min || welcome.version > max) {
      const text = `the host speaks version ${welcome.version}, this worker ${min} to ${max}`;
      return { kind: "failed", failure: failure("VERSION_UNSUPPORTED", text) };
    }
    return { kind: "welcomed", welcome, receivedThrough };
  } catch (error) {
    return violation(error instanceof Error ? error.message : String(error));
  }
}

function violation(text: string): HandshakeOutcome {
  return { kind: "failed", failure: failure("PROTOCOL_VIOLATION", text) };
}

/** Refusals that another attempt would meet again. */
const FATAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "UNAUTHENTICATED",
  "FORBIDDEN",
  "VERSION_UNSUPPORTED",
  "INVALID_ARGUMENT",
  "UNIMPLEMENTED",
  "PROTOCOL_VIOLATION",
  "SUBSCRIPTION_CONFLICT",
  // Nothing but Hello was sent.
  "PAYLOAD_TOO_LARGE",
]);

/** Whether a handshake that failed like this would fail again, at any host of the mesh. */
export function isFatal(reason: Failure): boolean {
  return FATAL.has(reason.code);
}
