import { ControlMessage, Message } from "@agentmesh/proto/agents";
import { describe, expect, test } from "vitest";
import { readControlHead, readHead } from "./heads.ts";

const DATA = Buffer.alloc(10_000, "x");
const PAYLOAD = { dataType: "Note", dataContentType: "application/json", data: DATA };

function head(message: Message["message"]): Buffer {
  return Buffer.from(Message.encode({ message }).finish()).subarray(0, 200);
}

describe("the head of a message", () => {
  test("tells a request and its id", () => {
    const target = { type: "t", key: "k" };
    const rest = { source: undefined, target, method: "", payload: PAYLOAD, metadata: {} };
    const value = { requestId: "42", ...rest };
    expect(readHead(head({ $case: "request", value }))).toEqual({
      kind: "request",
      requestId: "42",
    });
  });

  test("tells a response and its id", () => {
    const value = { requestId: "7.1", payload: PAYLOAD, error: "", metadata: {} };
    expect(readHead(head({ $case: "response", value }))).toEqual({
      kind: "response",
      requestId: "7.1",
    });
  });

  test.each([
    ["an event", Buffer.from([0x1a, 0xff, 0x7f, 0x0a])],
    ["a request without an id", Buffer.from([0x0a, 0xff, 0x7f, 0x1a, 0x02, 0x0a, 0x00])],
    ["an id that goes on beyond the head", Buffer.from([0x0a, 0xff, 0x7f, 0x0a, 0x7f, 0x31])],
    ["no message", Buffer.from([0xff])],
    ["nothing", Buffer.alloc(0)],
  ])("tells nothing of %s", (_, bytes) => {
    expect(readHead(bytes)).toEqual({ kind: "other" });
  });
});

describe("the head of a control message", () => {
  const rpcMessage = { typeUrl: "type.googleapis.com/agents.LoadStateRequest", value: DATA };
  const message = { rpcId: "1", destination: "agentid=t/k", respondTo: "clientid=c", rpcMessage };

  test.each([message, { ...message, respondTo: undefined }])("is all but its value", (sent) => {
    const bytes = Buffer.from(ControlMessage.encode(sent).finish()).subarray(0, 200);
    const { typeUrl } = rpcMessage;
    expect(readControlHead(bytes)).toEqual({
      ...sent,
      rpcMessage: { typeUrl, value: Buffer.alloc(0) },
    });
  });

  test("is not there where the bytes end before it does", () => {
    const bytes = Buffer.from(ControlMessage.encode(message).finish());
    expect(readControlHead(bytes.subarray(0, 30))).toBeUndefined();
  });
});
