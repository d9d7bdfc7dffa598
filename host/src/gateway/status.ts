import { ERROR_TABLE, ERROR_TYPE_URL, type Failure, GRPC_STATUS, METADATA } from "@agentmesh/proto";
import { encodeFailure, WireWriter } from "@agentmesh/proto/wire";
import { Metadata } from "@grpc/grpc-js";

/** How a call ends when it failed; what grpc-js takes as the error of a handler and as a status of a stream. */
export interface FailedStatus {
  /** Number of the gRPC status. */
  readonly code: number;
  /** `CODE: text`. */
  readonly details: string;
  /** Trailing metadata with the whole failure as a `google.rpc.Status`. */
  readonly metadata: Metadata;
}

// Implementations of gRPC refuse headers above 8 KiB, and the text travels twice.
const MAX_TEXT = 1_024;
const MAX_DETAILS_BYTES = 3_072;

/**
 * The failure as a gRPC status. Its stack stays here. A text of more than 1 024 characters is cut, and details of an
 * application error of more than 3 072 bytes are left out: trailers are small.
 */
export function statusOf(failure: Failure): FailedStatus {
  const told = fitForTrailers(failure);
  const code = GRPC_STATUS[ERROR_TABLE[failure.code].status];
  const details = `${told.code}: ${told.text}`;
  const metadata = new Metadata();
  metadata.set(METADATA.statusDetails, encodeStatus(code, details, told));
  return { code, details, metadata };
}

function fitForTrailers(failure: Failure): Failure {
  const { details } = failure;
  const fits = details === undefined || details.length <= MAX_DETAILS_BYTES;
  return {
    ...failure,
    text: cut(failure.text),
    appCode: cut(failure.appCode),
    details: fits ? details : undefined,
    stack: "",
  };
}

/** `google.rpc.Status { 1: code, 2: message, 3: details }`, each detail a `google.protobuf.Any { 1: type_url, 2: value }`. */
function encodeStatus(code: number, message: string, failure: Failure): Buffer {
  const writer = new WireWriter();
  writer.number(0x08, code);
  writer.text(0x12, message);
  writer.byte(0x1a);
  const detail = writer.open(256);
  writer.text(0x0a, ERROR_TYPE_URL);
  writer.bytes(0x12, encodeFailure(failure));
  writer.close(detail);
  return writer.copy();
}

function cut(text: string): string {
  if (text.length <= MAX_TEXT) return text;
  // The last character must not be the first half of a pair.
  return `${text.slice(0, MAX_TEXT - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}
