import { FakeClock } from "@agentmesh/proto/testing";
import { status as Status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { chunk, content, fail, turnEnd } from "../../support/frames.ts";
import { hostForTest } from "../../support/host.ts";

async function serving(options = {}) {
  const clock = new FakeClock();
  const mesh = await hostForTest(options, clock);
  const worker = await mesh.worker(["a"], { subscriptions: ["news -> a"] });
  return { clock, mesh, client: mesh.client, worker };
}

describe("SendStream", () => {
  test("returns the chunks and then ends", async () => {
    const { client, worker } = await serving();
    const replies = client.stream("a/1", "");
    const deliver = await worker.next("deliver");
    expect(deliver).toMatchObject({ streamChunks: 64, streamBytes: 256 * 1024 });
    worker.write(chunk(deliver, "one"), chunk(deliver, "two"), turnEnd(deliver));
    expect([await replies.next(), await replies.next(), await replies.next()]).toEqual([
      "one",
      "two",
      undefined,
    ]);
    expect(await replies.ended).toMatchObject({ kind: "ok" });
  });

  test("that fails after a chunk ends with the error in its details", async () => {
    const { client, worker } = await serving();
    const replies = client.stream("a/1", "");
    const deliver = await worker.next("deliver");
    worker.write(chunk(deliver, "one"), fail(deliver, "HANDLER_FAILED", "boom"));
    expect(await replies.next()).toBe("one");
    expect(await replies.ended).toMatchObject({
      status: Status.UNKNOWN,
      error: { code: "HANDLER_FAILED", text: "boom" },
    });
  });

  test("to a type that nobody announced fails at once", async () => {
    const { client } = await serving();
    expect(await client.stream("nobody/1", "").ended).toMatchObject({
      error: { code: "AGENT_TYPE_UNKNOWN" },
    });
  });

  test("that the client cancels tells the worker to stop", async () => {
    const { client, worker } = await serving();
    const replies = client.stream("a/1", "");
    const deliver = await worker.next("deliver");
    worker.write(chunk(deliver, "one"));
    expect(await replies.next()).toBe("one");
    replies.cancel();
    expect((await worker.next("cancel-delivery")).delivery).toBe(deliver.delivery);
    worker.write(turnEnd(deliver));
    await worker.barrier();
  });

  test("has the limit that the client asks for, to the first chunk and between chunks", async () => {
    const { clock, client, worker } = await serving();
    const replies = client.stream("a/1", "", { chunkTimeoutMs: 400 });
    const deliver = await worker.next("deliver");
    expect(deliver.timeoutMs).toBe(400);
    clock.advance(450);
    expect(await replies.ended).toMatchObject({
      status: Status.DEADLINE_EXCEEDED,
      error: { code: "DEADLINE_EXCEEDED" },
    });
  });

  test("whose client reads slowly slows the worker down", async () => {
    const { client, worker } = await serving();
    const replies = client.stream("a/1", "");
    const deliver = await worker.next("deliver");
    const piece = { ...chunk(deliver, ""), content: content("x".repeat(64 * 1024)) };
    let [chunks, bytes] = [deliver.streamChunks, deliver.streamBytes];
    let sent = 0;
    const sendAllowed = (): void => {
      for (; chunks > 0 && bytes > 0; sent++) {
        worker.write(piece);
        chunks -= 1;
        bytes -= piece.content.length;
      }
    };
    const takeCredit = (): void => {
      for (const credit of worker.taken("stream-credit")) {
        chunks += credit.chunks;
        bytes += credit.bytes;
      }
    };
    for (let round = 0, before = -1; sent > before || round < 5; round++) {
      before = sent;
      sendAllowed();
      await worker.barrier();
      takeCredit();
      // Far more than the buffers between hold would mean that nothing holds the worker back.
      expect(sent).toBeLessThan(2_000);
    }
    expect(chunks <= 0 || bytes <= 0).toBe(true);
    const held = sent;
    for (let count = 0; count < held; count++) await replies.next();
    await worker.next("stream-credit");
    worker.write(turnEnd(deliver));
    expect(await replies.next()).toBeUndefined();
  });
});
