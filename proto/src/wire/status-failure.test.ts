import { expect, test } from "vitest";
import { ERROR_TABLE, GRPC_STATUS } from "../errors/error-table.ts";
import { type Failure, failure } from "../errors/failure.ts";
import { ERROR_TYPE_URL } from "../metadata.ts";
import { encodeFailure } from "./errors.ts";
import { type CallStatus, failureOfStatus } from "./status-failure.ts";
import { WireWriter } from "./writer.ts";

/** A status as a host ends a call, with these bytes as its details. */
function statusWith(details: string, code: number, bytes: Buffer): CallStatus {
  return { code, details, metadata: { get: () => [bytes] } };
}

/** A `google.rpc.Status` with the failure as its one detail. */
function detailsOf(reason: Failure): Buffer {
  const any = new WireWriter();
  any.text(0x0a, ERROR_TYPE_URL);
  any.bytes(0x12, encodeFailure(reason));
  const status = new WireWriter();
  status.bytes(0x1a, any.copy());
  return status.copy();
}

function statusOf(reason: Failure): CallStatus {
  const code = GRPC_STATUS[ERROR_TABLE[reason.code].status];
  return statusWith(`${reason.code}: ${reason.text}`, code, detailsOf(reason));
}

test("prefers the error in the details", () => {
  const reason = failure("OVERLOADED", "too many", { retryAfterMs: 70, outcome: "unknown" });
  expect(failureOfStatus(statusOf(reason))).toEqual(reason);
});

test("finds it among other details", () => {
  const other = Buffer.from([0x1a, 0x05, 0x0a, 0x01, 0x78, 0x12, 0x00]);
  const bytes = Buffer.concat([other, detailsOf(failure("FORBIDDEN"))]);
  expect(failureOfStatus(statusWith("", GRPC_STATUS.UNKNOWN, bytes)).code).toBe("FORBIDDEN");
});

test.each([Buffer.from([0xff]), Buffer.from([0x1a, 0x7f]), Buffer.alloc(0)])(
  "falls back to the text when the details are broken",
  (bytes) => {
    const status = statusWith("HOST_DRAINING: bye", GRPC_STATUS.UNAVAILABLE, bytes);
    expect(failureOfStatus(status)).toMatchObject({
      code: "HOST_DRAINING",
      text: "bye",
      retryable: true,
    });
  },
);

test.each([
  [GRPC_STATUS.UNAUTHENTICATED, "no token", "UNAUTHENTICATED"],
  [GRPC_STATUS.PERMISSION_DENIED, "", "FORBIDDEN"],
  [GRPC_STATUS.UNIMPLEMENTED, "no such method", "UNIMPLEMENTED"],
  [GRPC_STATUS.RESOURCE_EXHAUSTED, "bandwidth", "OVERLOADED"],
  [
    GRPC_STATUS.RESOURCE_EXHAUSTED,
    "Received message larger than max (9 vs 4)",
    "PAYLOAD_TOO_LARGE",
  ],
  [GRPC_STATUS.UNAVAILABLE, "ECONNREFUSED: no", "CONNECTION_LOST"],
  [GRPC_STATUS.INTERNAL, "stream reset", "CONNECTION_LOST"],
])("reads status %i with text %j as %s", (code, details, expected) => {
  const found = failureOfStatus({ code, details, metadata: undefined });
  expect(found.code).toBe(expected);
  if (details !== "") expect(found.text).toBe(details);
});

test.each([
  ["No connection established. Last error: ECONNREFUSED. Resolution note: ", "not-executed", true],
  ["Name resolution failed for target dns:nowhere:50051", "not-executed", true],
  ["Connection dropped", "unknown", false],
])(
  "says of a call that ended with %j whether it may have been executed",
  (details, outcome, retryable) => {
    const status = { code: GRPC_STATUS.UNAVAILABLE, details, metadata: undefined };
    expect(failureOfStatus(status)).toMatchObject({ code: "CONNECTION_LOST", outcome, retryable });
  },
);
