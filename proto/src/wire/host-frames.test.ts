import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Content as ContentMessage } from "../../gen/agentmesh/v1/content.ts";
import type { ErrorCode } from "../../gen/agentmesh/v1/error.ts";
import {
  ConnectResponse,
  type HostFrame as HostFrameMessage,
} from "../../gen/agentmesh/v1/gateway.ts";
import { failure } from "../errors/failure.ts";
import { AgentId } from "../identity/agent-id.ts";
import { TopicId } from "../identity/topic-id.ts";
import { openBatch, readHostBatch, setFirstNumber, setReceivedThrough } from "./batch.ts";
import { encodeContent } from "./content.ts";
import { toErrorMessage } from "./errors.ts";
import { DONE, type Ending, type HostFrame } from "./frames.ts";
import { appendHostFrame } from "./host-frames.ts";
import { WireWriter } from "./writer.ts";

const number = fc.oneof(fc.nat(300), fc.maxSafeNat());
const uint32 = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 0xffffffff }));
const text = fc.string({ unit: "binary", maxLength: 80 });
const bytes = fc.uint8Array({ maxLength: 300 }).map((own) => Buffer.from(own));
const content = fc.record({ messageType: text, messageId: text, data: bytes }).map((own) =>
  encodeContent({
    contentType: "",
    traceparent: "",
    tracestate: "",
    metadata: undefined,
    ...own,
  }),
);
const agent = fc.tuple(text, text).map(([type, key]) => new AgentId(type, key));
const sender = fc.option(agent, { nil: undefined });
const topic = fc.tuple(text, text).map(([type, source]) => new TopicId(type, source));
const ending: fc.Arbitrary<Ending> = fc.oneof(
  fc.constant(DONE),
  fc.record({ kind: fc.constant("reply"), content }),
  fc.record({
    kind: fc.constant("failed"),
    failure: text.map((own) => failure("OVERLOADED", own, { retryAfterMs: 250 })),
  }),
);
const target = fc.record({
  delivery: number,
  activation: number,
  agent,
  attempt: uint32,
  lane: number,
  durable: fc.boolean(),
  firstDeliveredUnixMs: fc.maxSafeNat(),
  redelivered: fc.boolean(),
});
const frame: fc.Arbitrary<HostFrame> = fc.oneof(
  fc.record({
    kind: fc.constant("deliver"),
    delivery: number,
    activation: number,
    target: agent,
    content,
    sender,
    timeoutMs: uint32,
    id: number,
    attempt: uint32,
    reenters: number,
    streamChunks: uint32,
    streamBytes: uint32,
  }),
  fc.record({
    kind: fc.constant("event"),
    id: number,
    topic,
    content,
    sender,
    targets: fc.array(target, { maxLength: 12 }),
    resent: fc.boolean(),
    acceptedUnixMs: number,
  }),
  fc.record({ kind: fc.constant("result"), request: number, ending }),
  fc.record({ kind: fc.constant("accepted"), sequences: fc.array(number, { maxLength: 200 }) }),
  fc.record({ kind: fc.constant("chunk"), request: number, content }),
  fc.record({ kind: fc.constant("stream-credit"), stream: number, chunks: uint32, bytes: uint32 }),
  fc.record({
    kind: fc.constant("cancel-delivery"),
    delivery: number,
    reason: fc.integer({ min: 0, max: 35 }),
  }),
  fc.record({
    kind: fc.constant("control"),
    control: fc.record({ $case: fc.constant("pong"), value: fc.record({ nonce: number }) }),
  }),
);

type Message = NonNullable<HostFrameMessage["kind"]>;

function toMessage(from: HostFrame): HostFrameMessage {
  return { kind: toKind(from) };
}

function toKind(from: HostFrame): Message {
  switch (from.kind) {
    case "deliver": {
      const { kind: _, ...rest } = from;
      const value = {
        ...rest,
        target: named(from.target),
        sender: from.sender && named(from.sender),
        content: decoded(from.content),
      };
      return { $case: "deliver", value };
    }
    case "event": {
      const { kind: _, ...rest } = from;
      const value = {
        ...rest,
        topic: { type: from.topic.type, source: from.topic.source },
        sender: from.sender && named(from.sender),
        content: decoded(from.content),
        targets: from.targets.map((one) => ({ ...one, agent: named(one.agent) })),
      };
      return { $case: "event", value };
    }
    case "result": {
      const value = { request: from.request, outcome: toOutcome(from.ending) };
      return { $case: "result", value };
    }
    case "accepted":
      return { $case: "accepted", value: { sequences: [...from.sequences] } };
    case "chunk": {
      const value = { request: from.request, content: decoded(from.content) };
      return { $case: "chunk", value };
    }
    case "stream-credit": {
      const { stream, chunks, bytes: granted } = from;
      return { $case: "streamCredit", value: { stream, chunks, bytes: granted } };
    }
    case "cancel-delivery": {
      const { delivery, reason } = from;
      return { $case: "cancelDelivery", value: { delivery, reason: reason as ErrorCode } };
    }
    case "control":
      return from.control;
  }
}

function toOutcome(from: Ending) {
  if (from.kind === "done") return undefined;
  if (from.kind === "reply") return { $case: "reply" as const, value: decoded(from.content) };
  return { $case: "error" as const, value: toErrorMessage(from.failure) };
}

function named({ type, key }: AgentId): { type: string; key: string } {
  return { type, key };
}

function decoded(own: Uint8Array): ContentMessage {
  return ContentMessage.decode(own);
}

function written(frames: readonly HostFrame[], firstNumber: number, receivedThrough: number) {
  const writer = new WireWriter();
  openBatch(writer);
  for (const one of frames) appendHostFrame(writer, one);
  const batch = writer.copy();
  setFirstNumber(batch, firstNumber);
  setReceivedThrough(batch, receivedThrough);
  return batch;
}

const batch = fc.record({
  frames: fc.array(frame, { maxLength: 6 }),
  firstNumber: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  receivedThrough: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
});

describe("frames from host to worker", () => {
  test("are written as the generated code writes them, byte by byte, and it reads them", () => {
    fc.assert(
      fc.property(batch, ({ frames, firstNumber, receivedThrough }) => {
        const message = { firstNumber, receivedThrough, frames: frames.map(toMessage) };
        const own = written(frames, firstNumber, receivedThrough);
        expect(ConnectResponse.decode(own)).toEqual(message);
        expect(own).toEqual(Buffer.from(ConnectResponse.encode(message).finish()));
      }),
    );
  });

  test("are read as the generated code wrote them", () => {
    fc.assert(
      fc.property(batch, ({ frames, firstNumber, receivedThrough }) => {
        const message = { firstNumber, receivedThrough, frames: frames.map(toMessage) };
        const read = readHostBatch(ConnectResponse.encode(message).finish());
        const count = frames.length;
        expect(read).toEqual({ firstNumber, receivedThrough, frames, count, skipped: [] });
      }),
    );
  });

  test.each([0, 79, 80, 127, 128, 16_383, 2 ** 18, 300 * 1024])(
    "carry a content of %i bytes untouched",
    (length) => {
      const own = Buffer.alloc(length, "agentmesh");
      const chunk: HostFrame = { kind: "chunk", request: 1, content: own };
      const result: HostFrame = {
        kind: "result",
        request: 1,
        ending: { kind: "reply", content: own },
      };
      for (const one of [chunk, result]) {
        const [read] = readHostBatch(written([one], 1, 0)).frames;
        const got = read?.kind === "result" ? read.ending : read;
        expect(got !== undefined && "content" in got && own.equals(got.content)).toBe(true);
      }
    },
  );

  test("carry an event for hundreds of agents in one frame", () => {
    const targets = Array.from({ length: 700 }, (_, index) => ({
      delivery: index + 1,
      activation: 1_788_888_888_888 * 1024 + index,
      agent: new AgentId("reviewer", `key-${index}`),
      attempt: 1,
      lane: 3,
      durable: index % 2 === 0,
      firstDeliveredUnixMs: 0,
      redelivered: false,
    }));
    const event: HostFrame = {
      kind: "event",
      id: 9,
      topic: new TopicId("review.requested", "repo"),
      content: encodeContent({ ...EMPTY, data: Buffer.from("{}") }),
      sender: undefined,
      targets,
      resent: true,
      acceptedUnixMs: 1_800_000_000_000,
    };
    expect(readHostBatch(written([event], 1, 0)).frames).toEqual([event]);
  });
});

const EMPTY = {
  messageType: "",
  contentType: "",
  traceparent: "",
  tracestate: "",
  metadata: undefined,
  messageId: "",
};
