import { ERROR_TABLE, type ErrorCode, GRPC_STATUS } from "../errors/error-table.ts";
import { type Failure, failure } from "../errors/failure.ts";
import { ERROR_TYPE_URL, METADATA } from "../metadata.ts";
import { decodeFailure } from "./errors.ts";
import { WireReader } from "./reader.ts";

/** How a gRPC call ended. */
export interface CallStatus {
  readonly code: number;
  readonly details: string;
  /** Trailing metadata, as grpc-js has it. */
  readonly metadata: { get(name: string): readonly (string | Buffer)[] } | undefined;
}

const BY_STATUS = new Map<number, ErrorCode>([
  [GRPC_STATUS.CANCELLED, "CANCELLED"],
  [GRPC_STATUS.INVALID_ARGUMENT, "INVALID_ARGUMENT"],
  [GRPC_STATUS.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED"],
  [GRPC_STATUS.NOT_FOUND, "NOT_FOUND"],
  [GRPC_STATUS.PERMISSION_DENIED, "FORBIDDEN"],
  [GRPC_STATUS.RESOURCE_EXHAUSTED, "OVERLOADED"],
  [GRPC_STATUS.UNIMPLEMENTED, "UNIMPLEMENTED"],
  [GRPC_STATUS.UNAUTHENTICATED, "UNAUTHENTICATED"],
]);

/** Field numbers of google.rpc.Status and google.protobuf.Any, as tags. */
const STATUS_DETAIL = 0x1a;
const ANY_TYPE_URL = 0x0a;
const ANY_VALUE = 0x12;

/**
 * The failure that a gRPC status stands for: the error in its details, else the code at the start of its text, else
 * what the status itself says.
 */
export function failureOfStatus(status: CallStatus): Failure {
  return fromDetails(status) ?? fromText(status.details) ?? fromCode(status);
}

function fromDetails(status: CallStatus): Failure | undefined {
  const [bytes] = status.metadata?.get(METADATA.statusDetails) ?? [];
  if (!Buffer.isBuffer(bytes)) return undefined;
  try {
    const reader = new WireReader(bytes);
    while (reader.pos < reader.end) {
      const tag = reader.tag();
      if (tag !== STATUS_DETAIL) reader.skip(tag);
      else {
        const found = fromAny(reader.bytes());
        if (found !== undefined) return found;
      }
    }
  } catch {
    // A proxy may have cut the details short: text and code are still there.
  }
  return undefined;
}

function fromAny(bytes: Buffer): Failure | undefined {
  const reader = new WireReader(bytes);
  let typeUrl = "";
  let value: Buffer | undefined;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === ANY_TYPE_URL) typeUrl = reader.text();
    else if (tag === ANY_VALUE) value = reader.bytes();
    else reader.skip(tag);
  }
  return typeUrl === ERROR_TYPE_URL && value !== undefined ? decodeFailure(value) : undefined;
}

function fromText(details: string): Failure | undefined {
  const colon = details.indexOf(": ");
  const code = colon < 0 ? details : details.slice(0, colon);
  if (!isErrorCode(code)) return undefined;
  return failure(code, colon < 0 ? undefined : details.slice(colon + 2));
}

/** What gRPC says of a message above the limit of its receiver, in either direction. */
const TOO_LARGE = /message larger than max/i;

/** What grpc-js says of a call that never left: there was no connection to send it over. */
const NEVER_LEFT = /^(No connection established|Name resolution failed)/;

/** What grpc-js appends to the reason why there is no connection, also when there is nothing to note. */
const EMPTY_NOTE = /\. Resolution note: *$/;

function fromCode(status: CallStatus): Failure {
  const text = status.details.replace(EMPTY_NOTE, "");
  if (status.code === GRPC_STATUS.RESOURCE_EXHAUSTED && TOO_LARGE.test(text)) {
    return failure("PAYLOAD_TOO_LARGE", text);
  }
  if (status.code === GRPC_STATUS.UNAVAILABLE && NEVER_LEFT.test(text)) {
    return failure("CONNECTION_LOST", text, { outcome: "not-executed", retryable: true });
  }
  const code = BY_STATUS.get(status.code) ?? "CONNECTION_LOST";
  return failure(code, text === "" ? undefined : text);
}

function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERROR_TABLE, text);
}
