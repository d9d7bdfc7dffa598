/** Decoders under bytes that nobody should send. Whatever comes: a batch, or PROTOCOL_VIOLATION. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ConnectRequest, ConnectResponse } from "../../gen/agentmesh/v1/gateway.ts";
import { MeshError } from "../errors/mesh-error.ts";
import { handlerFailure } from "../errors/thrown.ts";
import { agentId } from "../identity/agent-id.ts";
import { topicId } from "../identity/topic-id.ts";
import { openBatch, readHostBatch, readWorkerBatch, setFirstNumber } from "./batch.ts";
import { decodeContent, encodeContent } from "./content.ts";
import { decodeFailure, encodeFailure } from "./errors.ts";
import { DONE, type HostFrame, type WorkerFrame } from "./frames.ts";
import { appendHostFrame } from "./host-frames.ts";
import { appendWorkerFrame } from "./worker-frames.ts";
import { WireWriter } from "./writer.ts";

const content = encodeContent({
  messageType: "demo.Ask",
  contentType: "",
  data: Buffer.from('{"question":"why?"}'),
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  tracestate: "",
  metadata: { tenant: "blue", "": "" },
  messageId: "m-1",
});
const failed = { kind: "failed" as const, failure: handlerFailure(new Error("it broke")) };
const publish = {
  kind: "publish" as const,
  sequence: 3,
  topic: topicId("review.requested", "repo"),
  content,
  activation: 1_788_888_888_888_001,
  parent: 4,
  delayMs: 60_000,
  dedupId: "once",
  resent: true,
};
const sent = { request: 1, timeoutMs: 30_000, content, activation: 2 ** 50, parent: 7 };
const ended = { kind: "turn-end" as const, delivery: 9, activation: 2 ** 50, permanent: true };

const HANDLED = {
  messageType: "demo.Ask",
  schemaType: "application/schema+json",
  schema: Buffer.from("{}"),
  replyType: "demo.Answer",
  replyStream: false,
};

const WORKER: readonly WorkerFrame[] = [
  {
    kind: "send",
    ...sent,
    target: agentId("oracle", "delphi"),
    streamChunks: 64,
    streamBytes: 999,
  },
  publish,
  { ...ended, ending: failed, publishes: [publish, publish], state: false },
  { ...ended, ending: { kind: "reply", content }, publishes: [], state: false },
  {
    ...ended,
    ending: { kind: "postponed", delayMs: 50, counted: true },
    publishes: [],
    state: false,
  },
  { kind: "done", activation: 2 ** 50, deliveries: [1, 2, 300, 70_000, 2 ** 52] },
  { kind: "reply-chunk", delivery: 4, activation: 2 ** 50, content },
  { kind: "stream-credit", stream: 4, chunks: 32, bytes: 65_536 },
  { kind: "cancel", request: 12 },
  {
    kind: "control",
    control: {
      $case: "registerAgentType",
      value: {
        request: 5,
        agentType: {
          name: "oracle",
          description: "answers",
          handles: [HANDLED],
          agentWindow: 16,
          maxTurnMs: 600_000,
          concurrency: 1,
        },
      },
    },
  },
  { kind: "control", control: { $case: "idle", value: { activations: [1, 2 ** 50] } } },
];

const delivered = { content, sender: agentId("coordinator", "main"), attempt: 1, timeoutMs: 500 };
const HOST: readonly HostFrame[] = [
  {
    kind: "deliver",
    ...delivered,
    delivery: 7,
    activation: 2 ** 50,
    target: agentId("oracle", "delphi"),
    id: 2 ** 51,
    reenters: 3,
    streamChunks: 64,
    streamBytes: 262_144,
  },
  {
    kind: "event",
    id: 8,
    topic: topicId("review.requested", "repo"),
    content,
    sender: undefined,
    targets: [1, 2, 3].map((delivery) => ({
      delivery,
      activation: 2 ** 50 + delivery,
      agent: agentId("reviewer", `r-${delivery}`),
      attempt: 2,
      lane: 6,
      durable: true,
      firstDeliveredUnixMs: 1_700_000_000_000,
      redelivered: true,
    })),
    resent: true,
    acceptedUnixMs: 1_800_000_000_000,
  },
  { kind: "result", request: 1, ending: failed },
  { kind: "result", request: 2, ending: { kind: "reply", content } },
  { kind: "result", request: 3, ending: DONE },
  { kind: "accepted", sequences: [1, 2, 3, 400] },
  { kind: "chunk", request: 9, content },
  { kind: "cancel-delivery", delivery: 4, reason: 5 },
  { kind: "control", control: { $case: "deactivate", value: { activations: [2 ** 50] } } },
];

function written<Frame>(
  frames: readonly Frame[],
  append: (writer: WireWriter, frame: Frame) => void,
): Buffer {
  const writer = new WireWriter();
  openBatch(writer);
  for (const frame of frames) append(writer, frame);
  const batch = writer.copy();
  batch.fill(0, 0, 18);
  setFirstNumber(batch, 1);
  batch[9] = 0x11;
  return batch;
}

interface Sort {
  readonly name: string;
  readonly valid: Buffer;
  readonly read: (bytes: Uint8Array) => unknown;
}

const SORTS: readonly Sort[] = [
  { name: "worker batch", valid: written(WORKER, appendWorkerFrame), read: readWorkerBatch },
  { name: "host batch", valid: written(HOST, appendHostFrame), read: readHostBatch },
  { name: "content", valid: Buffer.from(content), read: decodeContent },
  { name: "failure", valid: Buffer.from(encodeFailure(failed.failure)), read: decodeFailure },
];

/** What reading comes to, in a form that two readings can be compared in. */
function outcomeOf(read: Sort["read"], bytes: Uint8Array): unknown {
  try {
    return JSON.stringify(read(bytes));
  } catch (error) {
    expect(error).toBeInstanceOf(MeshError);
    expect(error).toHaveProperty("code", "PROTOCOL_VIOLATION");
    return (error as MeshError).message;
  }
}

/** The same bytes in the middle of others, which would show in the outcome if they were read. */
function amid(bytes: Uint8Array, around: number): Uint8Array {
  const buffer = Buffer.alloc(bytes.length + 64, around);
  buffer.set(bytes, 32);
  return buffer.subarray(32, 32 + bytes.length);
}

function expectContained(read: Sort["read"], bytes: Uint8Array): void {
  const outcome = outcomeOf(read, bytes);
  expect(outcomeOf(read, amid(bytes, 0x01))).toEqual(outcome);
  expect(outcomeOf(read, amid(bytes, 0xff))).toEqual(outcome);
}

describe.each(SORTS)("a $name", ({ valid, read }) => {
  test("as it should be is read", () => {
    expect(() => read(valid)).not.toThrow();
  });

  test("of random bytes is contained", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => expectContained(read, bytes)),
      { numRuns: 2_000 },
    );
  });

  test("cut short anywhere is contained", () => {
    for (let end = 0; end < valid.length; end++) expectContained(read, valid.subarray(0, end));
  });

  test("with bytes changed, put in or left out is contained", () => {
    const position = fc.nat(valid.length - 1);
    const bytes = fc.uint8Array({ maxLength: 4 });
    const change = fc.record({ at: position, removed: fc.nat(4), bytes });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        let mutated = Buffer.from(valid);
        for (const { at, removed, bytes: inserted } of changes) {
          mutated = Buffer.concat([
            mutated.subarray(0, at),
            inserted,
            mutated.subarray(at + removed),
          ]);
        }
        expectContained(read, mutated);
      }),
      { numRuns: 1_000 },
    );
  });

  test("with any one bit turned is contained", () => {
    for (let bit = 0; bit < valid.length * 8; bit += 3) {
      const turned = Buffer.from(valid);
      turned[bit >>> 3] = (turned[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
      outcomeOf(read, turned);
    }
  });

  test("whose lengths promise gigabytes is contained", () => {
    for (let at = 0; at < valid.length; at++) {
      const huge = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x07]);
      outcomeOf(read, Buffer.concat([valid.subarray(0, at), huge, valid.subarray(at + 1)]));
    }
  });
});

test("the generated code agrees on what the valid batches are", () => {
  const [worker, host] = SORTS.map(({ valid }) => valid);
  expect(ConnectRequest.decode(worker ?? content).frames).toHaveLength(WORKER.length);
  expect(ConnectResponse.decode(host ?? content).frames).toHaveLength(HOST.length);
});
