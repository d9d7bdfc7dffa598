import { AgentId } from "@agentmesh/proto";
import { Any, type Payload, type RpcRequest } from "@agentmesh/proto/agents";
import { contentProblem, decodeContent } from "@agentmesh/proto/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readReply, readRequest, writeReply, writeRequest } from "./payload-codec.ts";

const text = fc.string({ unit: "grapheme", maxLength: 20 });
const bytes = fc.uint8Array({ maxLength: 50 }).map((array) => Buffer.from(array));
const dataType = fc.constantFrom("", "Ask", "agents.ProtoMessage");
const anyOf = fc.tuple(dataType, bytes).map(([type, value]) => {
  const typeUrl = `type.googleapis.com/${type}`;
  return Buffer.from(Any.encode({ typeUrl, value }).finish());
});
const payload: fc.Arbitrary<Payload> = fc.record({
  dataType,
  dataContentType: fc.constantFrom("application/json", "application/x-protobuf", "", "text/plain"),
  data: fc.oneof(bytes, anyOf),
});
const key = fc.oneof(text, fc.constantFrom("traceparent", "tracestate", ";source", ";;payload"));
const metadata = fc
  .array(fc.tuple(key, text), { maxLength: 5 })
  .map((pairs) => Object.fromEntries(pairs));
const target = new AgentId("clerk", "1");
const request: fc.Arbitrary<Omit<RpcRequest, "requestId">> = fc.record({
  // The host refuses a type with a slash; what it does to the claim of one is nobody's business.
  source: fc.option(fc.record({ type: text.map((type) => type.replaceAll("/", "")), key: text }), {
    nil: undefined,
  }),
  target: fc.constant({ type: target.type, key: target.key }),
  method: text,
  payload: fc.option(payload, { nil: undefined }),
  metadata,
});

describe("a request of AutoGen", () => {
  test("leaves the mesh as it came, whatever it holds", () => {
    fc.assert(
      fc.property(request, (asked) => {
        const content = readRequest({ requestId: "1", ...asked });
        expect(contentProblem(content)).toBeUndefined();
        expect(writeRequest(target, undefined, content)).toEqual(asked);
      }),
      { numRuns: 500 },
    );
  });

  test("comes from the agent that the host knows, not from the one that it names", () => {
    const content = readRequest({
      requestId: "1",
      source: { type: "king", key: "1" },
      target: undefined,
      method: "",
      payload: undefined,
      metadata: {},
    });
    const { source } = writeRequest(target, new AgentId("beggar", "2"), content);
    expect(source).toEqual({ type: "beggar", key: "2" });
  });
});

test("a response of AutoGen leaves the mesh as it came, whatever it holds", () => {
  fc.assert(
    fc.property(payload, metadata, (answer, pairs) => {
      const content = readReply(answer, pairs);
      expect(contentProblem(content)).toBeUndefined();
      expect(writeReply(decodeContent(content))).toEqual({ payload: answer, metadata: pairs });
    }),
    { numRuns: 500 },
  );
});
