import { failure, GRPC_STATUS } from "@agentmesh/proto";
import { Metadata } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { statusOf } from "../testing/fake-host.ts";
import { failureOfStatus } from "./status-failure.ts";

test("prefers the error in the details", () => {
  const reason = failure("OVERLOADED", "too many", { retryAfterMs: 70, outcome: "unknown" });
  expect(failureOfStatus(statusOf(reason))).toEqual(reason);
});

test("finds it among other details", () => {
  const status = statusOf(failure("FORBIDDEN"));
  const [bytes] = status.metadata.get("grpc-status-details-bin");
  const other = Buffer.from([0x1a, 0x05, 0x0a, 0x01, 0x78, 0x12, 0x00]);
  status.metadata.set("grpc-status-details-bin", Buffer.concat([other, bytes as Buffer]));
  expect(failureOfStatus(status).code).toBe("FORBIDDEN");
});

test.each([Buffer.from([0xff]), Buffer.from([0x1a, 0x7f]), Buffer.alloc(0)])(
  "falls back to the text when the details are broken",
  (bytes) => {
    const metadata = new Metadata();
    metadata.set("grpc-status-details-bin", bytes);
    expect(failureOfStatus({ code: 14, details: "HOST_DRAINING: bye", metadata })).toMatchObject({
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
