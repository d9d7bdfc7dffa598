import {
  Error as ErrorMessage,
  ErrorCode as WireCode,
  Outcome as WireOutcome,
} from "../../gen/agentmesh/v1/error.ts";
import { ERROR_TABLE, type ErrorCode, errorCodeOf, type Outcome } from "../errors/error-table.ts";
import { type Failure, failure } from "../errors/failure.ts";
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
  const code = codeOf(message);
  return failure(code, message.text, {
    outcome: fromWireOutcome(message.outcome) ?? ERROR_TABLE[code].outcome,
    retryable: message.retryable,
    appCode: message.appCode,
    details: message.details.length === 0 ? undefined : message.details,
    retryAfterMs: message.retryAfterMs,
    stack: message.stack,
  });
}

/** The failure as protobuf bytes. */
export function encodeFailure(failure: Failure): Uint8Array {
  return ErrorMessage.encode(toErrorMessage(failure)).finish();
}

/** Reads a failure from protobuf bytes. @throws MeshError `PROTOCOL_VIOLATION` when they are malformed. */
export function decodeFailure(bytes: Uint8Array): Failure {
  return fromErrorMessage(decodeGenerated(ErrorMessage, bytes));
}

/** What an agent fails with needs no code on the wire. */
function codeOf({ code, appCode }: ErrorMessage): ErrorCode {
  if (code !== WireCode.UNSPECIFIED) return errorCodeOf(code);
  return appCode === "" ? "HANDLER_FAILED" : "APPLICATION";
}

/** Undefined when it is not told. An outcome of a later version reads as unknown. */
function fromWireOutcome(outcome: WireOutcome): Outcome | undefined {
  if (outcome === WireOutcome.UNSPECIFIED) return undefined;
  if (outcome === WireOutcome.NOT_EXECUTED) return "not-executed";
  return outcome === WireOutcome.EXECUTED ? "executed" : "unknown";
}
