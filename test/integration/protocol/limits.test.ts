import { describe, expect, test } from "vitest";
import type { FrameOf } from "../../support/frame-mail.ts";
import { contentOfSize, nested, publish, send, textOf, turnEnd } from "../../support/frames.ts";
import { hostForTest, type TestHost } from "../../support/host.ts";
import type { RawWorker } from "../../support/raw-worker.ts";

const keys = (count: number): string[] => Array.from({ length: count }, (_, n) => `${n}`);

/** Sends one message to each of these agents. */
function sendTo(caller: RawWorker, targets: readonly string[], first = 1): void {
  caller.write(...targets.map((target, index) => send(first + index, target, target)));
}

async function shippedTo(
  worker: RawWorker,
  caller: RawWorker = worker,
): Promise<FrameOf<"deliver">[]> {
  await caller.barrier();
  await worker.barrier();
  return worker.taken("deliver");
}

describe("the window for requests", () => {
  test("is told in Welcome, and what passes it is refused and may be tried again", async () => {
    const mesh = await hostForTest({ requestWindow: 2 });
    const worker = await mesh.worker(["a"]);
    sendTo(worker, ["a/1", "a/2", "a/3"]);
    expect(await worker.result(3)).toMatchObject({
      failure: {
        code: "OVERLOADED",
        outcome: "not-executed",
        retryable: true,
        retryAfterMs: expect.any(Number),
      },
    });
    const [one] = await shippedTo(worker);
    if (one === undefined) throw new Error("nothing was shipped");
    worker.write(nested(one, 10, "a/4", ""), turnEnd(one));
    await worker.result(1);
    sendTo(worker, ["a/3"], 20);
    expect((await shippedTo(worker)).map(({ target }) => target.key)).toEqual(["4", "3"]);
  });

  test("counts bytes too", async () => {
    const mesh = await hostForTest({ maxPayloadBytes: 1_024, requestWindowBytes: 1_024 });
    const worker = await mesh.worker(["a"]);
    const big = { content: contentOfSize(600) };
    worker.write(send(1, "a/1", "", big), send(2, "a/2", "", big));
    expect(await worker.result(2)).toMatchObject({ failure: { code: "OVERLOADED" } });
    worker.write(turnEnd(await worker.next("deliver")));
    await worker.result(1);
    worker.write(send(3, "a/3", "", big));
    expect((await worker.next("deliver")).target.key).toBe("3");
  });
});

describe("a mailbox", () => {
  test("that is full refuses sends at once, and takes them again when there is room", async () => {
    const mesh = await hostForTest({ agentWindow: 1, mailboxMessages: 2 });
    const worker = await mesh.worker(["a"]);
    sendTo(worker, ["a/1", "a/1", "a/1", "a/1", "a/2"]);
    expect(await worker.result(4)).toMatchObject({
      failure: {
        code: "MAILBOX_FULL",
        outcome: "not-executed",
        retryable: true,
        retryAfterMs: expect.any(Number),
      },
    });
    const shipped = await shippedTo(worker);
    expect(shipped.map(({ target }) => target.key)).toEqual(["1", "2"]);
    worker.write(...shipped.map((deliver) => turnEnd(deliver)));
    sendTo(worker, ["a/1"], 10);
    await shippedTo(worker);
    expect(worker.taken("result").map(({ request }) => request)).toEqual([1, 5]);
  });
});

test("a host that holds as many bytes as it may refuses what would have to wait, and nothing else", async () => {
  const mesh = await hostForTest({
    agentWindow: 1,
    queuedBytes: 1024 * 1024,
    maxPayloadBytes: 1024 * 1024,
  });
  const worker = await mesh.worker(["a"]);
  const big = { content: contentOfSize(1024 * 1024) };
  worker.write(send(1, "a/stuck", ""));
  worker.write(send(2, "a/stuck", "", big));
  worker.write(send(3, "a/stuck", ""), send(4, "a/free", ""), publish(1, "news/s", ""));
  expect(await worker.result(3)).toMatchObject({
    failure: {
      code: "OVERLOADED",
      outcome: "not-executed",
      retryable: true,
      retryAfterMs: expect.any(Number),
    },
  });
  expect((await worker.nextControl("refused")).error?.code).toBe(16);
  const shipped = await shippedTo(worker);
  expect(shipped.map(({ target }) => target.key)).toEqual(["stuck", "free"]);
});

describe("a host with as many bytes in flight as it may", () => {
  const MIB = 1024 * 1024;
  const big = { content: contentOfSize(MIB) };
  const tight = { inFlightBytes: MIB, maxPayloadBytes: MIB };

  test("refuses what comes from outside of turns until a turn ends", async () => {
    const mesh = await hostForTest(tight);
    const worker = await mesh.worker(["a"]);
    worker.write(send(1, "a/1", "", big));
    const deliver = await worker.next("deliver");
    worker.write(send(2, "a/2", ""), publish(1, "news/s", ""), nested(deliver, 3, "a/3", ""));
    expect(await worker.result(2)).toMatchObject({
      failure: { code: "OVERLOADED", outcome: "not-executed", retryable: true },
    });
    expect((await worker.nextControl("refused")).error?.code).toBe(16);
    worker.write(turnEnd(await worker.next("deliver")), turnEnd(deliver));
    await worker.result(1);
    worker.write(send(4, "a/2", ""));
    await worker.next("deliver");
  });

  test("takes what a turn publishes that has been executed", async () => {
    const mesh = await hostForTest(tight);
    const worker = await mesh.worker(["a", "log"], { subscriptions: ["news -> log"] });
    worker.write(send(1, "a/1", "", big));
    const deliver = await worker.next("deliver");
    const inTurn = { activation: deliver.activation, parent: deliver.delivery };
    worker.write(
      publish(1, "news/s", "during", inTurn),
      turnEnd(deliver, { publishes: [publish(2, "news/s", "at the end")] }),
    );
    expect(await worker.result(1)).toEqual({ kind: "done" });
    const events = [await worker.next("event"), await worker.next("event")];
    expect(events.map(({ content }) => textOf(content))).toEqual(["during", "at the end"]);
  });

  test("counts an event once, whatever the number of its agents, and not at all when they are lost", async () => {
    const mesh = await hostForTest(tight);
    const subscriptions = ["news -> a", "news -> b"];
    const worker = await mesh.worker(["a", "b"], { subscriptions });
    const caller = await mesh.worker();
    const half = { content: contentOfSize(MIB * 0.6) };
    caller.write(publish(1, "news/1", "", half));
    await worker.next("event");
    caller.write(publish(2, "news/2", "", half));
    await worker.next("event");
    caller.write(publish(3, "news/3", ""));
    expect((await caller.nextControl("refused")).sequence).toBe(3);
    await worker.leave();
    caller.write(publish(4, "news/4", ""));
    expect(
      (await caller.next("accepted", ({ sequences }) => sequences.includes(4))).sequences,
    ).toEqual([4]);
  });
});

describe("a worker that acknowledges nothing", () => {
  const small = { replayBytes: 4_096, maxPayloadBytes: 1_024, outboxLimitBytes: 64 * 1_024 };
  const bytes = { content: contentOfSize(1_000) };

  async function lazyWorker(mesh: TestHost, types = ["a"]): Promise<RawWorker> {
    return mesh.worker(types, { acknowledges: false });
  }

  test("gets no new work while its replay buffer is full, and goes on when it acknowledges", async () => {
    const mesh = await hostForTest(small);
    const caller = await mesh.worker();
    const worker = await lazyWorker(mesh);
    caller.write(...keys(20).map((key) => send(Number(key) + 1, `a/${key}`, "", bytes)));
    await caller.barrier();
    // A full buffer holds back work, not answers.
    await worker.barrier();
    const first = worker.taken("deliver");
    expect(first.length).toBeGreaterThan(2);
    expect(first.length).toBeLessThan(8);
    worker.acknowledge();
    await worker.next("deliver");
  });

  test("still gets nested sends and results", async () => {
    const mesh = await hostForTest(small);
    const caller = await mesh.worker();
    const worker = await lazyWorker(mesh);
    caller.write(...keys(20).map((key) => send(Number(key) + 1, `a/${key}`, "", bytes)));
    await caller.barrier();
    const root = await worker.next("deliver");
    worker.write(nested(root, 1, "a/inner", "inner"));
    const inner = await worker.next("deliver", ({ target }) => target.key === "inner");
    worker.write(turnEnd(inner));
    expect(await worker.result(1)).toEqual({ kind: "done" });
  });

  test("is let go as a slow consumer when even those pile up", async () => {
    const mesh = await hostForTest(small);
    const other = await mesh.worker(["a"]);
    const worker = await lazyWorker(mesh, []);
    let request = 0;
    const asked = (async () => {
      for (;;) {
        request += 1;
        worker.write(send(request, "a/1", ""));
        const deliver = await other.next("deliver");
        other.write(turnEnd(deliver, { ending: { kind: "reply", content: contentOfSize(1_000) } }));
        await worker.result(request);
      }
    })();
    await expect(asked).rejects.toThrow("SLOW_CONSUMER");
    expect((await worker.ended).error?.code).toBe("SLOW_CONSUMER");
    await other.barrier();
  });
});
