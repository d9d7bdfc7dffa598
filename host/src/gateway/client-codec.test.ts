import {
  PublishRequest,
  SendRequest,
  SendResponse,
  SendStreamRequest,
} from "@agentmesh/proto/agentmesh/v1";
import { decodeContent } from "@agentmesh/proto/wire";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  readClientPublish,
  readClientSend,
  writeClientAccepted,
  writeClientReply,
} from "./client-codec.ts";

const text = fc.string({ maxLength: 40, unit: "grapheme" });
const content = fc.record({
  messageType: text,
  contentType: text,
  data: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  traceparent: fc.constant(""),
  tracestate: fc.constant(""),
  metadata: fc.constant({}),
  messageId: text,
});
const pair = fc.record({ type: text, key: text });

test("reads what generated code writes for a send", () => {
  const request = fc.record({ target: pair, content, chunkTimeoutMs: fc.nat() });
  fc.assert(
    fc.property(request, (message) => {
      const read = readClientSend(Buffer.from(SendStreamRequest.encode(message).finish()));
      if ("malformed" in read) throw new Error(read.malformed);
      expect([read.target.type, read.target.key]).toEqual([
        message.target.type,
        message.target.key,
      ]);
      expect(read.chunkTimeoutMs).toBe(message.chunkTimeoutMs);
      expect(decodeContent(read.content)).toMatchObject({
        messageType: message.content.messageType,
      });
      expect(Buffer.from(decodeContent(read.content).data)).toEqual(message.content.data);
    }),
  );
});

test("reads what generated code writes for a publish", () => {
  const topic = fc.record({ type: text, source: text });
  const request = fc.record({ topic, content, delayMs: fc.nat(), dedupId: text });
  fc.assert(
    fc.property(request, (message) => {
      const read = readClientPublish(Buffer.from(PublishRequest.encode(message).finish()));
      if ("malformed" in read) throw new Error(read.malformed);
      expect([read.topic.type, read.topic.source]).toEqual([
        message.topic.type,
        message.topic.source,
      ]);
      expect([read.delayMs, read.dedupId]).toEqual([message.delayMs, message.dedupId]);
    }),
  );
});

test("an empty request has an empty target and no content", () => {
  const read = readClientSend(
    Buffer.from(SendRequest.encode({ target: undefined, content: undefined }).finish()),
  );
  expect(read).toMatchObject({ target: { type: "", key: "" }, chunkTimeoutMs: 0 });
});

test("no bytes make it throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      for (const read of [
        readClientSend(Buffer.from(bytes)),
        readClientPublish(Buffer.from(bytes)),
      ]) {
        if ("malformed" in read) expect(read.malformed).toMatch(/malformed/);
      }
    }),
  );
});

test("writes what generated code reads", () => {
  expect(SendResponse.decode(writeClientReply(undefined))).toEqual({ reply: undefined });
  const [bytes] = [SendResponse.encode({ reply: undefined }).finish()];
  expect(Buffer.from(bytes)).toEqual(writeClientReply(undefined));
  expect(writeClientAccepted(1).toString("hex")).toBe("0801");
});
