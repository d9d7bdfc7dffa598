import { describe, expect, test } from "vitest";
import type { FrameOf } from "../../support/frame-mail.ts";
import { agentType, done, nested, publish, send, turnEnd } from "../../support/frames.ts";
import { hostForTest } from "../../support/host.ts";
import type { RawWorker } from "../../support/raw-worker.ts";

type Deliver = FrameOf<"deliver">;

/** Starts a chain: a turn of `a/1`. */
async function root(worker: RawWorker, target = "a/1"): Promise<Deliver> {
  worker.write(send(1_000, target, ""));
  return worker.next("deliver");
}

/** Sends from a turn and tells what arrives. */
async function step(
  from: RawWorker,
  parent: Deliver,
  request: number,
  target: string,
  to = from,
): Promise<Deliver> {
  from.write(nested(parent, request, target, ""));
  return to.next("deliver");
}

describe("a chain of nested sends", () => {
  test("may be 32 deep, and the next send of it is refused", async () => {
    const mesh = await hostForTest();
    const worker = await mesh.worker(["a"]);
    let deliver = await root(worker);
    for (let depth = 1; depth <= 32; depth++)
      deliver = await step(worker, deliver, depth, `a/level-${depth}`);
    worker.write(nested(deliver, 33, "a/level-33", ""));
    expect(await worker.result(33)).toMatchObject({
      failure: { code: "CHAIN_TOO_DEEP", outcome: "not-executed", retryable: false },
    });
  });

  test("is as deep as the host says", async () => {
    const mesh = await hostForTest({ chainDepth: 1 });
    const worker = await mesh.worker(["a"]);
    const inner = await step(worker, await root(worker), 1, "a/2");
    worker.write(nested(inner, 2, "a/3", ""));
    expect(await worker.result(2)).toMatchObject({ failure: { code: "CHAIN_TOO_DEEP" } });
  });

  test("starts anew with an event", async () => {
    const mesh = await hostForTest({ chainDepth: 1 });
    const worker = await mesh.worker(["a", "b"], { subscriptions: ["news -> b"] });
    const inner = await step(worker, await root(worker), 1, "a/2");
    worker.write(
      publish(1, "news/s", "", { activation: inner.activation, parent: inner.delivery }),
    );
    const [target] = (await worker.next("event")).targets;
    if (target === undefined) throw new Error("the event has a target");
    worker.write(send(2, "a/3", "", { activation: target.activation, parent: target.delivery }));
    expect(await worker.next("deliver")).toMatchObject({ reenters: 0 });
  });

  test("tells each agent who sends", async () => {
    const mesh = await hostForTest();
    const worker = await mesh.worker(["a"]);
    const first = await root(worker);
    const second = await step(worker, first, 1, "a/2");
    expect([first.sender?.text, second.sender?.text]).toEqual([undefined, "a/1"]);
  });
});

describe("re-entry:", () => {
  test("a message that comes back to a waiting agent names the send that the agent waits for", async () => {
    const mesh = await hostForTest();
    const [one, two] = [await mesh.worker(["a"]), await mesh.worker(["b"])];
    const first = await root(one);
    const second = await step(one, first, 7, "b/1", two);
    const back = await step(two, second, 7, "a/1", one);
    expect(back).toMatchObject({ reenters: 7, activation: first.activation });
    expect([first.reenters, second.reenters]).toEqual([0, 0]);
    one.write(turnEnd(back));
    expect(await two.result(7)).toEqual({ kind: "done" });
    two.write(turnEnd(second));
    expect(await one.result(7)).toEqual({ kind: "done" });
    one.write(turnEnd(first));
    expect(await one.result(1_000)).toEqual({ kind: "done" });
  });

  test("it is let through a full window, behind which unrelated messages wait", async () => {
    const mesh = await hostForTest();
    const one = await mesh.worker([], {
      hello: { agentTypes: [agentType("a", { agentWindow: 1 })] },
    });
    const [two, stranger] = [await mesh.worker(["b"]), await mesh.worker()];
    const first = await root(one);
    const second = await step(one, first, 7, "b/1", two);
    stranger.write(send(1, "a/1", ""));
    await stranger.barrier();
    const back = await step(two, second, 8, "a/1", one);
    expect(back.reenters).toBe(7);
    await one.barrier();
    expect(one.taken("deliver")).toEqual([]);
    one.write(turnEnd(back), turnEnd(first));
    expect(await one.next("deliver")).toMatchObject({ reenters: 0, sender: undefined });
  });

  test("unrelated messages that the window lets through do not re-enter", async () => {
    const mesh = await hostForTest();
    const [one, two] = [await mesh.worker(["a"]), await mesh.worker(["b", "c"])];
    await step(one, await root(one), 7, "b/1", two);
    const stranger = await mesh.worker();
    stranger.write(send(1, "c/1", ""));
    const other = await two.next("deliver");
    expect(await step(two, other, 8, "a/1", one)).toMatchObject({ reenters: 0 });
    stranger.write(send(2, "a/1", ""));
    expect(await one.next("deliver")).toMatchObject({ reenters: 0 });
  });

  test("an agent may send to itself", async () => {
    const mesh = await hostForTest();
    const worker = await mesh.worker(["a"]);
    expect(await step(worker, await root(worker), 7, "a/1")).toMatchObject({ reenters: 7 });
  });

  test("a send outside of a turn does not make its agent wait", async () => {
    const mesh = await hostForTest();
    const worker = await mesh.worker(["a", "b"]);
    const first = await root(worker);
    worker.write(send(7, "b/1", "", { activation: first.activation }));
    const second = await worker.next("deliver");
    expect(second.sender?.text).toBe("a/1");
    expect(await step(worker, second, 8, "a/1")).toMatchObject({ reenters: 0 });
  });

  test("of several sends that the agent waits for, it is the one in the chain", async () => {
    const mesh = await hostForTest();
    const worker = await mesh.worker(["a", "b"]);
    const first = await root(worker);
    worker.write(nested(first, 7, "b/1", ""), nested(first, 8, "b/2", ""));
    const [one, two] = [await worker.next("deliver"), await worker.next("deliver")];
    expect(await step(worker, two, 9, "a/1")).toMatchObject({ reenters: 8 });
    expect(await step(worker, one, 10, "a/1")).toMatchObject({ reenters: 7 });
  });

  test("a send that has settled does not count any more", async () => {
    const mesh = await hostForTest();
    const worker = await mesh.worker(["a", "b"]);
    const first = await root(worker);
    const second = await step(worker, first, 7, "b/1");
    worker.write({ kind: "cancel", request: 7 });
    await worker.result(7);
    expect(await step(worker, second, 8, "a/1")).toMatchObject({ reenters: 0 });
  });

  test("a turn that has ended does not count any more", async () => {
    const mesh = await hostForTest();
    const worker = await mesh.worker(["a", "b"]);
    const first = await root(worker);
    worker.write(turnEnd(first));
    await worker.result(1_000);
    const second = await step(worker, first, 7, "b/1");
    expect(second.sender?.text).toBe("a/1");
    expect(await step(worker, second, 8, "a/1")).toMatchObject({ reenters: 0 });
  });

  test("an event handler that waits is re-entered like any other", async () => {
    const mesh = await hostForTest();
    const worker = await mesh.worker(["a", "b"], { subscriptions: ["news -> a"] });
    worker.write(publish(1, "news/1", ""));
    const [target] = (await worker.next("event")).targets;
    if (target === undefined) throw new Error("the event has a target");
    worker.write(send(7, "b/1", "", { activation: target.activation, parent: target.delivery }));
    const second = await worker.next("deliver");
    expect(await step(worker, second, 8, "a/1")).toMatchObject({
      reenters: 7,
      activation: target.activation,
    });
    worker.write(done(target));
    await worker.barrier();
  });
});
