import { BATCH_FRAMES, WireWriter } from "@agentmesh/proto/wire";
import { status as Status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { encodeBatch } from "../../support/batches.ts";
import { agentType, chunk, control, hello, publish, send, turnEnd } from "../../support/frames.ts";
import { hostForTest } from "../../support/host.ts";

const cancel = { kind: "cancel", request: 99 } as const;

/** A batch with one frame of this kind, numbered as `number`. */
function frameOfKind(kind: number, number: number): Buffer {
  const frame = new WireWriter();
  frame.varint((kind << 3) | 2);
  frame.varint(0);
  const batch = new WireWriter();
  batch.bytes(0x1a, frame.copy());
  return Buffer.concat([encodeBatch([], number), batch.copy()]);
}

/** A bystander in the middle of a call, and a worker that is about to misbehave. */
async function witness() {
  const mesh = await hostForTest({ maxPayloadBytes: 100_000 });
  const bystander = await mesh.worker(["calm"]);
  const asked = bystander.ask("calm/1", "");
  const deliver = await bystander.next("deliver");
  const worker = await mesh.worker(["rude"]);
  return {
    mesh,
    worker,
    /** Asserts that the other session goes on as if nothing had happened. */
    async unharmed(): Promise<void> {
      bystander.write(turnEnd(deliver));
      expect(await asked).toEqual({ kind: "done" });
      expect((await mesh.client.status()).workersConnected).toBe(1);
      const again = await mesh.worker();
      expect(await again.ask("rude/1", "")).toMatchObject({
        failure: { code: "AGENT_TYPE_UNKNOWN" },
      });
    },
  };
}

const malformed: readonly (readonly [string, Buffer])[] = [
  ["bytes that are no protobuf", Buffer.from("ffffffffffffffffffff", "hex")],
  ["a truncated batch", encodeBatch([send(1, "rude/1", "text")], 1).subarray(0, -3)],
  [
    "a frame longer than its batch",
    Buffer.concat([encodeBatch([], 1), Buffer.from("1a7f0a", "hex")]),
  ],
  ["a group, which proto3 does not have", Buffer.from("1b", "hex")],
  ["a frame of no kind", Buffer.concat([encodeBatch([], 1), Buffer.from("1a00", "hex")])],
  ["a number above 2^53", Buffer.from("09ffffffffffffffff", "hex")],
  [
    "a control frame that is cut short",
    Buffer.concat([encodeBatch([], 1), Buffer.from("1a048a010aff", "hex")]),
  ],
  [
    "a frame of two kinds",
    Buffer.concat([encodeBatch([], 1), Buffer.from("1a063a0208013a00", "hex")]),
  ],
  ["an unknown frame kind below 16", frameOfKind(9, 1)],
  ["an unknown frame kind below 64", frameOfKind(63, 1)],
  ["a gap in the numbers", encodeBatch([cancel], 5)],
  ["an acknowledgement of what was never sent", encodeBatch([cancel], 1, 12_345)],
  ["a second Hello", encodeBatch([control({ $case: "hello", value: hello() })], 1)],
  [
    "a LoadState, which needs a feature",
    encodeBatch([control({ $case: "loadState", value: { request: 1, activation: 1 } })], 1),
  ],
  ["more than 512 frames", encodeBatch(Array(BATCH_FRAMES + 1).fill(cancel), 1)],
  [
    "several frames of more than 256 KiB",
    encodeBatch(Array(4).fill(send(1, "rude/1", "x".repeat(90_000))), 1),
  ],
];

describe("a session ends, with a status that says why, when its worker sends", () => {
  test.each(malformed)("%s", async (_name, bytes) => {
    const { mesh, worker, unharmed } = await witness();
    worker.writeBytes(bytes);
    const end = await worker.ended;
    expect(end.status).toBe(Status.INVALID_ARGUMENT);
    expect(end.details).toMatch(/^PROTOCOL_VIOLATION: ./);
    expect(end.error).toMatchObject({ code: "PROTOCOL_VIOLATION", statusText: end.details });
    await unharmed();
    expect((await worker.resume()).resumed).toBe(false);
    expect(await mesh.counter("failures.PROTOCOL_VIOLATION")).toBe(1);
  });

  test("a state change, which needs a feature that Welcome did not name", async () => {
    const { worker, unharmed } = await witness();
    worker.write(send(1, "rude/1", ""));
    const deliver = await worker.next("deliver");
    // TurnEnd { delivery, activation, state: {} } by hand: our writer has no state to write.
    const end = new WireWriter();
    end.number(0x08, deliver.delivery);
    end.number(0x10, deliver.activation);
    end.byte(0x3a);
    end.varint(0);
    const frame = new WireWriter();
    frame.bytes(0x1a, end.copy());
    const batch = new WireWriter();
    batch.bytes(0x1a, frame.copy());
    worker.writeBytes(Buffer.concat([encodeBatch([], 2), batch.copy()]));
    expect((await worker.ended).details).toMatch(/^PROTOCOL_VIOLATION: .*state/);
    await unharmed();
  });
});

test("the status names the frame that is missing", async () => {
  const { worker, unharmed } = await witness();
  worker.write(cancel);
  worker.writeBytes(encodeBatch([cancel], 5));
  expect((await worker.ended).error?.text).toContain("frame 2 is missing");
  await unharmed();
});

test("what came before the violation in its batch has taken effect, what came after has not", async () => {
  const { mesh, worker, unharmed } = await witness();
  const hearer = await mesh.worker(["ear"], { subscriptions: ["news -> ear"] });
  const out = control({ $case: "hello", value: hello() });
  worker.write(publish(1, "news/s", "before"), out, publish(2, "news/s", "after"));
  await worker.ended;
  await hearer.next("event");
  await hearer.barrier();
  expect(hearer.taken("event")).toEqual([]);
  await hearer.leave();
  await unharmed();
});

test("a message above the gRPC limit breaks the stream with a status that says why", async () => {
  const { worker, unharmed } = await witness();
  worker.writeBytes(Buffer.alloc(100_000 + 1024 * 1024 + 1));
  const end = await worker.ended;
  expect(end.status).toBe(Status.RESOURCE_EXHAUSTED);
  expect(end.details).toContain("larger than max");
  await worker.resume();
  await worker.leave();
  await unharmed();
});

describe("a session goes on when its worker sends", () => {
  test("an unknown frame kind of 64 and above: it is skipped, and its number counts", async () => {
    const { worker, unharmed } = await witness();
    worker.writeBytes(frameOfKind(64, 1), 1);
    worker.writeBytes(frameOfKind(5_000, 2), 1);
    worker.write(send(1, "nobody/1", ""));
    expect(await worker.result(1)).toMatchObject({ failure: { code: "AGENT_TYPE_UNKNOWN" } });
    await worker.leave();
    await unharmed();
  });

  test("unknown fields in frames and batches", async () => {
    const { worker, unharmed } = await witness();
    const unknown = Buffer.from("a2060178", "hex");
    worker.writeBytes(Buffer.concat([encodeBatch([send(1, "nobody/1", "")], 1), unknown]), 1);
    expect(await worker.result(1)).toMatchObject({ failure: { code: "AGENT_TYPE_UNKNOWN" } });
    await worker.leave();
    await unharmed();
  });

  test("512 frames in one batch, and one frame above 256 KiB alone", async () => {
    const mesh = await hostForTest();
    const worker = await mesh.worker(["a"]);
    worker.write(...Array.from({ length: BATCH_FRAMES }, (_, n) => send(n + 1, "nobody/1", "")));
    for (let request = 1; request <= BATCH_FRAMES; request++) await worker.result(request);
    worker.write(send(600, "a/1", "x".repeat(1_000_000)));
    const deliver = await worker.next("deliver");
    expect(deliver.content.length).toBeGreaterThan(1_000_000);
  });

  test("an empty batch, and one that holds an acknowledgement only", async () => {
    const { worker, unharmed } = await witness();
    worker.writeBytes(Buffer.alloc(0));
    worker.acknowledge();
    await worker.barrier();
    await worker.leave();
    await unharmed();
  });

  test("frames about deliveries, requests and activations that are not there", async () => {
    const { worker, unharmed } = await witness();
    const nowhere = { delivery: 77, activation: 77 };
    worker.write(
      cancel,
      turnEnd(nowhere),
      chunk(nowhere, ""),
      { kind: "done", activation: 77, deliveries: [1, 2, 3] },
      { kind: "stream-credit", stream: 77, chunks: 1, bytes: 1 },
      control({ $case: "release", value: { deliveries: [77] } }),
      control({ $case: "idle", value: { activations: [77] } }),
      control({ $case: "pong", value: { nonce: 77 } }),
    );
    await worker.barrier();
    await worker.leave();
    await unharmed();
  });

  test("registrations that are refused", async () => {
    const { worker, unharmed } = await witness();
    worker.write(
      control({ $case: "registerAgentType", value: { request: 1, agentType: undefined } }),
      control({ $case: "registerAgentType", value: { request: 2, agentType: agentType("") } }),
      control({ $case: "subscribe", value: { request: 3, subscription: undefined } }),
    );
    for (const request of [1, 2, 3]) {
      const answer = await worker.nextControl("answer");
      expect([answer.request, answer.error?.code]).toEqual([request, 11]);
    }
    await worker.leave();
    await unharmed();
  });
});
