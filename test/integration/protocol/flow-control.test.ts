import { describe, expect, test } from "vitest";
import type { FrameOf } from "../../support/frame-mail.ts";
import {
  agentType,
  content,
  control,
  done,
  nested,
  publish,
  send,
  textOf,
  turnEnd,
} from "../../support/frames.ts";
import { hostForTest } from "../../support/host.ts";
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

describe("max_in_flight", () => {
  test("is never passed by roots, and each end lets the next one go, agents taking turns", async () => {
    const mesh = await hostForTest();
    const worker = await mesh.worker(["a"], { hello: { maxInFlight: 2 } });
    sendTo(worker, ["a/1", "a/1", "a/2", "a/2", "a/3"]);
    const order: string[] = [];
    const open = await shippedTo(worker);
    while (open.length > 0) {
      expect(open.length).toBeLessThanOrEqual(2);
      const first = open.shift();
      if (first === undefined) break;
      order.push(first.target.key);
      worker.write(turnEnd(first));
      open.push(...(await shippedTo(worker)));
    }
    expect(order.toSorted()).toEqual(["1", "1", "2", "2", "3"]);
    expect(order.indexOf("3")).toBeLessThan(4);
  });

  test("counts events like sends", async () => {
    const mesh = await hostForTest();
    const worker = await mesh.worker(["a"], {
      hello: { maxInFlight: 1 },
      subscriptions: ["news -> a"],
    });
    worker.write(publish(1, "news/1", ""), publish(2, "news/2", ""), send(1, "a/3", ""));
    const first = await worker.next("event");
    expect(await shippedTo(worker)).toEqual([]);
    expect(worker.taken("event")).toEqual([]);
    worker.write(...first.targets.map((target) => done(target)));
    await worker.next("event");
    await worker.barrier();
    expect(worker.taken("deliver")).toEqual([]);
  });

  test("grows with Capacity", async () => {
    const mesh = await hostForTest();
    const worker = await mesh.worker(["a"], { hello: { maxInFlight: 1 } });
    sendTo(
      worker,
      keys(5).map((key) => `a/${key}`),
    );
    expect(await shippedTo(worker)).toHaveLength(1);
    worker.write(control({ $case: "capacity", value: { maxInFlight: 3 } }));
    expect(await shippedTo(worker)).toHaveLength(2);
  });

  test("is the host's where Hello names none", async () => {
    const mesh = await hostForTest({ maxInFlight: 3 });
    const worker = await mesh.worker(["a"]);
    sendTo(
      worker,
      keys(5).map((key) => `a/${key}`),
    );
    expect(await shippedTo(worker)).toHaveLength(3);
  });
});

describe("the window of an agent", () => {
  test("is that of its type, or the host's", async () => {
    const mesh = await hostForTest({ agentWindow: 4 });
    const types = [agentType("narrow", { agentWindow: 1 }), agentType("plain")];
    const worker = await mesh.worker([], { hello: { agentTypes: types } });
    sendTo(worker, Array(10).fill("narrow/1"), 1);
    sendTo(worker, Array(10).fill("plain/1"), 100);
    sendTo(worker, ["narrow/2"], 200);
    const shipped = (await shippedTo(worker)).map(({ target }) => target.text);
    expect(shipped.filter((target) => target === "narrow/1")).toHaveLength(1);
    expect(shipped.filter((target) => target === "plain/1")).toHaveLength(4);
    expect(shipped.filter((target) => target === "narrow/2")).toHaveLength(1);
  });

  test("of one agent that is full holds up no other", async () => {
    const mesh = await hostForTest({ agentWindow: 1 });
    const worker = await mesh.worker(["a"]);
    sendTo(worker, ["a/stuck", "a/stuck", "a/free"]);
    const shipped = await shippedTo(worker);
    expect(shipped.map(({ target }) => target.key)).toEqual(["stuck", "free"]);
  });
});

describe("nested sends bypass the windows:", () => {
  test("a send of a turn is shipped when max_in_flight and the agent's window are used up", async () => {
    const mesh = await hostForTest({ agentWindow: 1 });
    const worker = await mesh.worker(["a"], { hello: { maxInFlight: 2 } });
    sendTo(worker, ["a/1", "a/2", "a/3"]);
    const [one] = await shippedTo(worker);
    if (one === undefined) throw new Error("nothing was shipped");
    worker.write(nested(one, 10, "a/2", "nested"), nested(one, 11, "a/4", "nested"));
    const inner = await shippedTo(worker);
    expect(inner.map(({ target, content: sent }) => [target.key, textOf(sent)])).toEqual([
      ["2", "nested"],
      ["4", "nested"],
    ]);
  });

  test("chains of depth 5 over two workers complete with max_in_flight = 2", async () => {
    const mesh = await hostForTest();
    const options = { hello: { maxInFlight: 2 } };
    const workers = [await mesh.worker(["a"], options), await mesh.worker(["a"], options)];
    let requests = 0;
    const running = workers.map((worker) => answerChains(worker, 5, () => ++requests));
    const caller = await mesh.worker();
    const asked = keys(20).map((key) => caller.ask(`a/${key}-0`, "0"));
    expect(await Promise.all(asked)).toEqual(asked.map(() => ({ kind: "done" })));
    expect(await mesh.counter("deliveries")).toBe(20 * 6);
    for (const { stop } of running) stop();
  });

  test("above the hard cap they are refused, never held", async () => {
    const mesh = await hostForTest({ nestedInFlight: 2 });
    const worker = await mesh.worker(["a"]);
    sendTo(worker, ["a/1"]);
    const [root] = await shippedTo(worker);
    if (root === undefined) throw new Error("nothing was shipped");
    worker.write(...[10, 11, 12].map((request) => nested(root, request, `a/${request}`, "")));
    expect(await worker.result(12)).toMatchObject({
      failure: { code: "OVERLOADED", outcome: "not-executed", retryable: true },
    });
    expect(await shippedTo(worker)).toHaveLength(2);
  });
});

/** Answers each turn after one nested send to the next agent of its chain, until the depth is reached. */
function answerChains(
  worker: RawWorker,
  depth: number,
  nextRequest: () => number,
): { stop: () => void } {
  let stopped = false;
  const answer = async (deliver: FrameOf<"deliver">): Promise<void> => {
    const level = Number(textOf(deliver.content));
    if (level < depth) {
      const request = nextRequest();
      const target = deliver.target.text.replace(/-\d+$/, `-${level + 1}`);
      worker.write({ ...nested(deliver, request, target, ""), content: content(`${level + 1}`) });
      await worker.result(request);
    }
    worker.write(turnEnd(deliver));
  };
  const run = async (): Promise<void> => {
    while (!stopped) answer(await worker.next("deliver")).catch(() => {});
  };
  run().catch(() => {});
  return { stop: () => (stopped = true) };
}
