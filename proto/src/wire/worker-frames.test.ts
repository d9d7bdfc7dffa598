import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Content as ContentMessage } from "../../gen/agentmesh/v1/content.ts";
import {
  ConnectRequest,
  type WorkerFrame as WorkerFrameMessage,
} from "../../gen/agentmesh/v1/gateway.ts";
import type { Publish } from "../../gen/agentmesh/v1/publish.ts";
import { ERROR_TABLE, type ErrorCode } from "../errors/error-table.ts";
import type { Failure } from "../errors/failure.ts";
import { AgentId } from "../identity/agent-id.ts";
import { TopicId } from "../identity/topic-id.ts";
import { openBatch, readWorkerBatch, setFirstNumber, setReceivedThrough } from "./batch.ts";
import { encodeContent } from "./content.ts";
import { toErrorMessage } from "./errors.ts";
import { DONE, type PublishFrame, type TurnEndFrame, type WorkerFrame } from "./frames.ts";
import { appendWorkerFrame } from "./worker-frames.ts";
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
const topic = fc.tuple(text, text).map(([type, source]) => new TopicId(type, source));
const failure: fc.Arbitrary<Failure> = fc.record({
  code: fc.constantFrom(...(Object.keys(ERROR_TABLE) as ErrorCode[])),
  text,
  outcome: fc.constantFrom("not-executed", "unknown", "executed"),
  retryable: fc.boolean(),
  appCode: text,
  details: fc.option(
    bytes.filter(({ length }) => length > 0),
    { nil: undefined },
  ),
  retryAfterMs: uint32,
  stack: text,
});

const publish: fc.Arbitrary<PublishFrame> = fc.record({
  kind: fc.constant("publish"),
  sequence: number,
  topic,
  content,
  activation: number,
  parent: number,
  delayMs: number,
  dedupId: text,
  resent: fc.boolean(),
});
const ending: fc.Arbitrary<TurnEndFrame["ending"]> = fc.oneof(
  fc.constant(DONE),
  fc.record({ kind: fc.constant("reply"), content }),
  fc.record({ kind: fc.constant("failed"), failure }),
  fc.record({ kind: fc.constant("postponed"), delayMs: uint32, counted: fc.boolean() }),
);
const frame: fc.Arbitrary<WorkerFrame> = fc.oneof(
  fc.record({
    kind: fc.constant("send"),
    request: number,
    target: agent,
    timeoutMs: uint32,
    content,
    activation: number,
    parent: number,
    streamChunks: uint32,
    streamBytes: uint32,
  }),
  publish,
  fc.record({
    kind: fc.constant("turn-end"),
    delivery: number,
    activation: number,
    ending,
    permanent: fc.boolean(),
    publishes: fc.array(publish, { maxLength: 4 }),
    state: fc.constant(false),
  }),
  fc.record({ kind: fc.constant("done"), activation: number, deliveries: fc.array(number) }),
  fc.record({ kind: fc.constant("reply-chunk"), delivery: number, activation: number, content }),
  fc.record({ kind: fc.constant("stream-credit"), stream: number, chunks: uint32, bytes: uint32 }),
  fc.record({ kind: fc.constant("cancel"), request: number }),
  fc.record({
    kind: fc.constant("control"),
    control: fc.record({ $case: fc.constant("ping"), value: fc.record({ nonce: number }) }),
  }),
);

function toMessage(from: WorkerFrame): WorkerFrameMessage {
  switch (from.kind) {
    case "send": {
      const { kind: _, ...value } = from;
      const target = { type: from.target.type, key: from.target.key };
      return {
        kind: { $case: "send", value: { ...value, target, content: decoded(from.content) } },
      };
    }
    case "publish":
      return { kind: { $case: "publish", value: toPublish(from) } };
    case "turn-end": {
      const { delivery, activation, permanent } = from;
      const outcome = toOutcome(from.ending);
      const publishes = from.publishes.map(toPublish);
      const counted = from.ending.kind === "postponed" && from.ending.counted;
      const state = undefined;
      const value = { delivery, activation, permanent, outcome, publishes, state, counted };
      return { kind: { $case: "turnEnd", value } };
    }
    case "done": {
      const { activation, deliveries } = from;
      return { kind: { $case: "done", value: { activation, deliveries: [...deliveries] } } };
    }
    case "reply-chunk": {
      const { delivery, activation } = from;
      const value = { delivery, activation, content: decoded(from.content) };
      return { kind: { $case: "chunk", value } };
    }
    case "stream-credit": {
      const { stream, chunks, bytes } = from;
      return { kind: { $case: "streamCredit", value: { stream, chunks, bytes } } };
    }
    case "cancel":
      return { kind: { $case: "cancel", value: { request: from.request } } };
    case "control":
      return { kind: from.control };
  }
}

function toPublish({ kind: _, ...from }: PublishFrame): Publish {
  const { type, source } = from.topic;
  return { ...from, topic: { type, source }, content: decoded(from.content) };
}

function toOutcome(from: TurnEndFrame["ending"]) {
  switch (from.kind) {
    case "done":
      return undefined;
    case "reply":
      return { $case: "reply" as const, value: decoded(from.content) };
    case "failed":
      return { $case: "error" as const, value: toErrorMessage(from.failure) };
    case "postponed":
      return { $case: "postponeMs" as const, value: from.delayMs };
  }
}

function decoded(bytes: Uint8Array): ContentMessage {
  return ContentMessage.decode(bytes);
}

function written(frames: readonly WorkerFrame[], firstNumber: number, receivedThrough: number) {
  const writer = new WireWriter();
  openBatch(writer);
  for (const one of frames) appendWorkerFrame(writer, one);
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

describe("frames from worker to host", () => {
  test("are written as the generated code writes them, byte by byte, and it reads them", () => {
    fc.assert(
      fc.property(batch, ({ frames, firstNumber, receivedThrough }) => {
        const message = { firstNumber, receivedThrough, frames: frames.map(toMessage) };
        const bytes = written(frames, firstNumber, receivedThrough);
        expect(ConnectRequest.decode(bytes)).toEqual(message);
        expect(bytes).toEqual(Buffer.from(ConnectRequest.encode(message).finish()));
      }),
    );
  });

  test("are read as the generated code wrote them", () => {
    fc.assert(
      fc.property(batch, ({ frames, firstNumber, receivedThrough }) => {
        const message = { firstNumber, receivedThrough, frames: frames.map(toMessage) };
        const read = readWorkerBatch(ConnectRequest.encode(message).finish());
        const count = frames.length;
        expect(read).toEqual({ firstNumber, receivedThrough, frames, count, skipped: [] });
      }),
    );
  });

  test("differ from the canonical bytes only by numbers in the head that are zero", () => {
    const frames: WorkerFrame[] = [{ kind: "cancel", request: 7 }];
    const message = { firstNumber: 0, receivedThrough: 0, frames: frames.map(toMessage) };
    const bytes = written(frames, 0, 0);
    expect(bytes.subarray(18)).toEqual(Buffer.from(ConnectRequest.encode(message).finish()));
    expect(ConnectRequest.decode(bytes)).toEqual(message);
  });

  test.each([0, 1, 63, 64, 79, 80, 127, 128, 16_300, 16_383, 16_384, 2 ** 18, 300 * 1024])(
    "carry a content of %i bytes untouched",
    (length) => {
      const bytes = Buffer.alloc(length, "agentmesh");
      const target = new AgentId("a", "b");
      const send: WorkerFrame = {
        kind: "send",
        request: 1,
        target,
        timeoutMs: 0,
        content: bytes,
        activation: 0,
        parent: 0,
        streamChunks: 0,
        streamBytes: 0,
      };
      const reply: WorkerFrame = {
        kind: "turn-end",
        delivery: 1,
        activation: 2,
        ending: { kind: "reply", content: bytes },
        permanent: false,
        publishes: [],
        state: false,
      };
      for (const one of [send, reply]) {
        const [read] = readWorkerBatch(written([one], 1, 0)).frames;
        const got = read?.kind === "turn-end" ? read.ending : read;
        expect(got !== undefined && "content" in got && bytes.equals(got.content)).toBe(true);
      }
    },
  );

  test("tell that a turn end carries state, which they do not read", () => {
    const state = {
      expectedRevision: 1,
      schemaVersion: 2,
      contentType: "",
      data: Buffer.from("x"),
      remove: false,
    };
    const common = { delivery: 1, activation: 2, outcome: undefined };
    const turnEnd = { ...common, permanent: false, counted: false, state };
    const kind = { $case: "turnEnd" as const, value: { ...turnEnd, publishes: [] } };
    const bytes = ConnectRequest.encode({ firstNumber: 1, receivedThrough: 0, frames: [{ kind }] });
    expect(readWorkerBatch(bytes.finish()).frames).toEqual([
      expect.objectContaining({ kind: "turn-end", state: true }),
    ]);
  });
});
