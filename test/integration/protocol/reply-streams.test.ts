import { ERROR_TABLE } from "@agentmesh/proto";
import { FakeClock } from "@agentmesh/proto/testing";
import { describe, expect, test } from "vitest";
import {
  chunk,
  content,
  fail,
  nested,
  type SendFields,
  send,
  textOf,
  turnEnd,
} from "../../support/frames.ts";
import { hostForTest } from "../../support/host.ts";

const KIB = 1024;

/** A caller and a worker whose agent answers with a stream. */
async function openStream(fields: SendFields = {}) {
  const clock = new FakeClock();
  const mesh = await hostForTest({}, clock);
  const caller = await mesh.worker();
  const worker = await mesh.worker(["a"]);
  caller.write(
    send(1, "a/1", "", { streamChunks: 4, streamBytes: 64 * KIB, timeoutMs: 1_000, ...fields }),
  );
  const deliver = await worker.next("deliver");
  return { clock, mesh, caller, worker, deliver };
}

const credit = (stream: number, chunks: number, bytes: number) =>
  ({ kind: "stream-credit", stream, chunks, bytes }) as const;

test("chunks reach the caller in order, then the end", async () => {
  const { caller, worker, deliver } = await openStream();
  expect(deliver).toMatchObject({ streamChunks: 4, streamBytes: 64 * KIB, timeoutMs: 1_000 });
  worker.write(chunk(deliver, "one"), chunk(deliver, "two"), turnEnd(deliver));
  expect(textOf((await caller.next("chunk")).content)).toBe("one");
  expect(textOf((await caller.next("chunk")).content)).toBe("two");
  expect(await caller.result(1)).toEqual({ kind: "done" });
});

test("a stream may end without a chunk, and may fail after some", async () => {
  const { caller, worker, deliver } = await openStream();
  caller.write(send(2, "a/1", "", { streamChunks: 1, streamBytes: 1 }));
  const other = await worker.next("deliver");
  worker.write(turnEnd(deliver), chunk(other, "one"), fail(other, "HANDLER_FAILED", "half way"));
  expect(await caller.result(1)).toEqual({ kind: "done" });
  expect((await caller.next("chunk")).request).toBe(2);
  expect(await caller.result(2)).toMatchObject({
    failure: { code: "HANDLER_FAILED", outcome: "executed" },
  });
});

describe("credit", () => {
  test("of the caller reaches the worker, and lets that many more chunks pass", async () => {
    const { caller, worker, deliver } = await openStream({ streamChunks: 1 });
    worker.write(chunk(deliver, "one"));
    await caller.next("chunk");
    caller.write(credit(1, 2, 1_000));
    expect(await worker.next("stream-credit")).toMatchObject({
      stream: deliver.delivery,
      chunks: 2,
      bytes: 1_000,
    });
    worker.write(chunk(deliver, "two"), chunk(deliver, "three"), turnEnd(deliver));
    expect(await caller.result(1)).toEqual({ kind: "done" });
    expect(caller.taken("chunk")).toHaveLength(2);
  });

  test("that comes before the delivery is shipped travels with it", async () => {
    const clock = new FakeClock();
    const mesh = await hostForTest({}, clock);
    const worker = await mesh.worker(["a"], { hello: { maxInFlight: 1 } });
    worker.write(
      send(1, "a/1", ""),
      send(2, "a/1", "", { streamChunks: 1, streamBytes: 10 }),
      credit(2, 4, 90),
    );
    const first = await worker.next("deliver");
    await worker.barrier();
    worker.write(turnEnd(first));
    expect(await worker.next("deliver")).toMatchObject({ streamChunks: 5, streamBytes: 100 });
    await worker.barrier();
    expect(worker.taken("stream-credit")).toEqual([]);
  });

  test.each([
    ["chunks", { streamChunks: 2 }],
    ["bytes", { streamBytes: 30 }],
  ])(
    "that is overrun in %s ends the stream with STREAM_OVERRUN and tells the worker to stop",
    async (_what, window) => {
      const { caller, worker, deliver } = await openStream(window);
      worker.write(chunk(deliver, "one"), chunk(deliver, "two"), chunk(deliver, "three"));
      expect(await caller.result(1)).toMatchObject({
        failure: { code: "STREAM_OVERRUN", outcome: "executed" },
      });
      expect(caller.taken("chunk")).toHaveLength(2);
      const cancel = await worker.next("cancel-delivery");
      expect(cancel).toMatchObject({
        delivery: deliver.delivery,
        reason: ERROR_TABLE.STREAM_OVERRUN.number,
      });
      worker.write(turnEnd(deliver));
      await worker.barrier();
      await caller.barrier();
      expect(caller.taken("result")).toEqual([]);
    },
  );

  test("in bytes lets one chunk pass that is larger than what is left", async () => {
    const { caller, worker, deliver } = await openStream({ streamBytes: 10 });
    worker.write(chunk(deliver, "x".repeat(1_000)));
    expect(textOf((await caller.next("chunk")).content)).toHaveLength(1_000);
  });

  test("for a stream that is no more, or never was, changes nothing", async () => {
    const { caller, worker, deliver } = await openStream();
    worker.write(turnEnd(deliver));
    await caller.result(1);
    caller.write(credit(1, 5, 5), credit(77, 5, 5));
    await caller.barrier();
    await worker.barrier();
    expect(worker.taken("stream-credit")).toEqual([]);
  });
});

test("a chunk for a send that asked for one reply ends that send with STREAM_OVERRUN", async () => {
  const { caller, worker, deliver } = await openStream({ streamChunks: 0, streamBytes: 0 });
  worker.write(chunk(deliver, "one"));
  expect(await caller.result(1)).toMatchObject({ failure: { code: "STREAM_OVERRUN" } });
});

describe("the deadline of a stream", () => {
  test("runs to the first chunk", async () => {
    const { clock, caller, worker, deliver } = await openStream();
    clock.advance(1_050);
    expect(await caller.result(1)).toMatchObject({
      failure: { code: "DEADLINE_EXCEEDED", outcome: "unknown" },
    });
    expect(await worker.next("cancel-delivery")).toMatchObject({ delivery: deliver.delivery });
  });

  test("starts anew with each chunk", async () => {
    const { clock, caller, worker, deliver } = await openStream({ streamChunks: 10 });
    for (let count = 0; count < 5; count++) {
      clock.advance(900);
      worker.write(chunk(deliver, `${count}`));
      await caller.next("chunk");
    }
    expect(caller.taken("result")).toEqual([]);
    clock.advance(1_050);
    expect(await caller.result(1)).toMatchObject({ failure: { code: "DEADLINE_EXCEEDED" } });
  });

  test("does not run while the caller gives no credit, and starts when it does", async () => {
    const { clock, caller, worker, deliver } = await openStream({ streamChunks: 1 });
    worker.write(chunk(deliver, "one"));
    await caller.next("chunk");
    clock.advance(7_000);
    await caller.barrier();
    expect(caller.taken("result")).toEqual([]);
    caller.write(credit(1, 1, 1_000));
    await worker.next("stream-credit");
    clock.advance(1_050);
    expect(await caller.result(1)).toMatchObject({ failure: { code: "DEADLINE_EXCEEDED" } });
  });

  test("that does not run leaves the sends of its handler the time that they ask for", async () => {
    const { clock, worker, caller, deliver } = await openStream({ streamChunks: 1 });
    worker.write(chunk(deliver, "one"));
    await caller.next("chunk");
    clock.advance(7_000);
    worker.write({ ...nested(deliver, 2, "a/2", ""), timeoutMs: 4_000 });
    expect((await worker.next("deliver")).timeoutMs).toBe(4_000);
  });
});

test("a stream that the caller cancels ends at once, and later chunks vanish", async () => {
  const { caller, worker, deliver } = await openStream();
  worker.write(chunk(deliver, "one"));
  await caller.next("chunk");
  caller.write({ kind: "cancel", request: 1 });
  expect(await caller.result(1)).toMatchObject({ failure: { code: "CANCELLED" } });
  expect(await worker.next("cancel-delivery")).toMatchObject({
    reason: ERROR_TABLE.CANCELLED.number,
  });
  worker.write(chunk(deliver, "two"), turnEnd(deliver));
  await worker.barrier();
  await caller.barrier();
  expect(caller.taken("chunk")).toEqual([]);
});

test("a stream whose worker is lost ends after the chunks that came", async () => {
  const { caller, worker, deliver } = await openStream();
  worker.write(chunk(deliver, "one"));
  await caller.next("chunk");
  await worker.leave();
  expect(await caller.result(1)).toMatchObject({
    failure: { code: "WORKER_LOST", outcome: "unknown" },
  });
});

test("a chunk that no protobuf reader would take ends its stream and harms nothing else", async () => {
  const { caller, worker, deliver } = await openStream();
  worker.write({ ...chunk(deliver, ""), content: Buffer.of(0xff) });
  expect((await caller.next("result")).ending).toMatchObject({
    failure: { code: "PAYLOAD_INVALID", outcome: "executed" },
  });
  expect((await worker.next("cancel-delivery")).delivery).toBe(deliver.delivery);
});

test("a chunk is forwarded as the bytes that it was, and counted", async () => {
  const { mesh, caller, worker, deliver } = await openStream();
  const bytes = Buffer.from("1a0200ff", "hex");
  worker.write(
    { ...chunk(deliver, ""), content: bytes },
    { ...chunk(deliver, ""), content: content("text") },
  );
  expect(Buffer.from((await caller.next("chunk")).content)).toEqual(bytes);
  await caller.next("chunk");
  expect(await mesh.counter("chunks")).toBe(2);
});
