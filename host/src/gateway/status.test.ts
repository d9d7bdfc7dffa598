import { failure } from "@agentmesh/proto";
import { decodeFailure, WireReader } from "@agentmesh/proto/wire";
import { status as GrpcStatus } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { type FailedStatus, statusOf } from "./status.ts";

/** Reads google.rpc.Status with one detail. */
function trailerOf({ metadata }: FailedStatus) {
  const [bytes] = metadata.get("grpc-status-details-bin");
  if (!Buffer.isBuffer(bytes)) throw new Error("the trailer is missing");
  const reader = new WireReader(bytes);
  expect(reader.tag()).toBe(0x08);
  const code = reader.varint();
  expect(reader.tag()).toBe(0x12);
  const message = reader.text();
  expect(reader.tag()).toBe(0x1a);
  const detail = new WireReader(reader.bytes());
  expect(reader.pos).toBe(reader.end);
  expect(detail.tag()).toBe(0x0a);
  const typeUrl = detail.text();
  expect(detail.tag()).toBe(0x12);
  return { code, message, typeUrl, failure: decodeFailure(detail.bytes()), bytes: bytes.length };
}

describe("a failure as a gRPC status", () => {
  test("has the status of the table, the code in its text and the whole failure in its trailer", () => {
    const reason = failure("MAILBOX_FULL", "oracle/delphi has 4096 waiting", { retryAfterMs: 50 });
    const ended = statusOf(reason);
    expect(ended.code).toBe(GrpcStatus.RESOURCE_EXHAUSTED);
    expect(ended.details).toBe("MAILBOX_FULL: oracle/delphi has 4096 waiting");
    const trailer = trailerOf(ended);
    expect(trailer).toMatchObject({
      code: ended.code,
      message: ended.details,
      typeUrl: "type.googleapis.com/agentmesh.v1.Error",
      failure: reason,
    });
  });

  test("carries code and details of an application error and no stack", () => {
    const details = Buffer.from('{"left":3}');
    const hints = { appCode: "SOLD_OUT", details, stack: "Error: at secret.ts:1" };
    const trailer = trailerOf(statusOf(failure("APPLICATION", "sold out", hints)));
    expect(trailer.failure).toMatchObject({ appCode: "SOLD_OUT", stack: "" });
    expect(Buffer.from(trailer.failure.details ?? []).toString()).toBe('{"left":3}');
  });

  test("cuts what does not fit into trailers", () => {
    const hints = { appCode: "A".repeat(5_000), details: Buffer.alloc(3_073) };
    const ended = statusOf(failure("APPLICATION", "x".repeat(1_022) + "🙂".repeat(500), hints));
    const trailer = trailerOf(ended);
    expect(trailer.failure.details).toBeUndefined();
    expect(trailer.failure.text).toBe(`${"x".repeat(1_022)}…`);
    expect(trailer.bytes).toBeLessThan(6_000);
  });

  test("keeps details that fit", () => {
    const hints = { details: Buffer.alloc(3_072, 1) };
    const trailer = trailerOf(statusOf(failure("APPLICATION", "no", hints)));
    expect(trailer.failure.details).toHaveLength(3_072);
  });
});
