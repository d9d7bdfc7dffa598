import { Error as ErrorMessage, Outcome as WireOutcome } from "../../gen/agentmesh/v1/error.ts";
import { ERROR_TABLE, errorCodeOf, type Outcome } from "../errors/error-table.ts";
import type { Failure } from "../errors/failure.ts";
import { decodeGenerated } from "./generated.ts";

const TO_WIRE: Readonly<Record<Outcome, WireOutcome>> = {
  "not-executed": WireOutcome.NOT_EXECUTED,
  unknown: WireOutcome.UNKNOWN,
  executed: WireOutcome.EXECUTED,
};

/** The failure as a message of the protocol. */
export function toErrorMessage(failure: Failure): ErrorMessage {
  return {
    code: ERROR_TABLE[failure.code].number as ErrorMessage["code"],
    text: failure.text,
    outcome: TO_WIRE[failure.outcome],
    retryable: failure.retryable,
    appCode: failure.appCode,
    details: Buffer.from(failure.details ?? []),
    retryAfterMs: failure.retryAfterMs,
    stack: failure.stack,
  };
}

/** The failure that a message of the protocol tells. */
export function fromErrorMessage(message: ErrorMessage): Failure {
  return {
    code: errorCodeOf(message.code),
    text: message.text,
    outcome: fromWireOutcome(message.outcome),
    retryable: message.retryable,
    appCode: message.appCode,
    details: message.details.length === 0 ? undefined : message.details,
    retryAfterMs: message.retryAfterMs,
    stack: message.stack,
  };
}

/** The failure as protobuf bytes. */
export function encodeFailure(failure: Failure): Uint8Array {
  return ErrorMessage.encode(toErrorMessage(failure)).finish();
}

/** Reads a failure from protobuf bytes. @throws MeshError `PROTOCOL_VIOLATION` when they are malformed. */
export function decodeFailure(bytes: Uint8Array): Failure {
  return fromErrorMessage(decodeGenerated(ErrorMessage, bytes));
}

function fromWireOutcome(outcome: WireOutcome): Outcome {
  if (outcome === WireOutcome.NOT_EXECUTED) return "not-executed";
  return outcome === WireOutcome.EXECUTED ? "executed" : "unknown";
}
