import { ERROR_TABLE } from "@agentmesh/proto";
import { describe, expect, test } from "vitest";
import type { FrameOf } from "../../support/frame-mail.ts";
import {
  agentType,
  contentOfSize,
  done,
  fail,
  publish,
  send,
  subscription,
  textOf,
  turnEnd,
} from "../../support/frames.ts";
import { hostForTest } from "../../support/host.ts";
import type { RawWorker } from "../../support/raw-worker.ts";

/** The agents of an Event frame, as texts. */
function targetsOf(event: FrameOf<"event">): string[] {
  return event.targets.map(({ agent }) => agent.text).toSorted();
}

/** Everything of the event kind that has come to the worker when nothing more is on its way. */
async function events(publisher: RawWorker, worker: RawWorker): Promise<FrameOf<"event">[]> {
  await publisher.barrier();
  await worker.barrier();
  return worker.taken("event");
}

test("an event is accepted and goes to the agent of its source", async () => {
  const mesh = await hostForTest();
  const publisher = await mesh.worker();
  const worker = await mesh.worker(["log"], { subscriptions: ["news -> log"] });
  publisher.write(publish(5, "news/paris", "rain"));
  expect((await publisher.next("accepted")).sequences).toEqual([5]);
  const event = await worker.next("event");
  expect(event).toMatchObject({
    sender: undefined,
    resent: false,
    targets: [{ attempt: 1, durable: false }],
  });
  expect(event.topic).toMatchObject({ type: "news", source: "paris" });
  expect(targetsOf(event)).toEqual(["log/paris"]);
  expect(textOf(event.content)).toBe("rain");
  expect(event.acceptedUnixMs).toBeGreaterThan(1_600_000_000_000);
});

test("the agent that publishes does not receive its own event, its siblings do", async () => {
  const mesh = await hostForTest();
  const worker = await mesh.worker(["a", "b"], { subscriptions: ["news -> a", "news -> b"] });
  worker.write(send(1, "a/s", ""));
  const deliver = await worker.next("deliver");
  worker.write(
    publish(1, "news/s", "", { activation: deliver.activation, parent: deliver.delivery }),
  );
  const [event] = await events(worker, worker);
  expect(event?.sender?.text).toBe("a/s");
  expect(event && targetsOf(event)).toEqual(["b/s"]);
  worker.write(
    publish(2, "news/other", "", { activation: deliver.activation, parent: deliver.delivery }),
  );
  const [other] = await events(worker, worker);
  expect(other && targetsOf(other)).toEqual(["a/other", "b/other"]);
});

test("an event travels once to each worker, with all its agents there", async () => {
  const mesh = await hostForTest();
  const names = ["a", "b", "c", "d", "e"];
  const one = await mesh.worker(names.slice(0, 3), {
    subscriptions: names.map((name) => `news -> ${name}`),
  });
  const two = await mesh.worker(names.slice(3));
  const publisher = await mesh.worker();
  publisher.write(publish(1, "news/s", "to all"));
  const [onOne, onTwo] = [await events(publisher, one), await events(publisher, two)];
  expect(onOne.map(targetsOf)).toEqual([["a/s", "b/s", "c/s"]]);
  expect(onTwo.map(targetsOf)).toEqual([["d/s", "e/s"]]);
  expect(onOne[0]?.id).toBe(onTwo[0]?.id);
  const [event] = onOne;
  const deliveries = event?.targets.map(({ delivery }) => delivery) ?? [];
  expect(new Set(deliveries).size).toBe(3);
});

test("an event for which there is no worker is accepted, dropped and counted", async () => {
  const mesh = await hostForTest();
  const publisher = await mesh.worker([], { subscriptions: ["news -> nobody"] });
  publisher.write(publish(1, "news/s", ""), publish(2, "unheard/s", ""));
  expect((await publisher.next("accepted")).sequences).toEqual([1, 2]);
  expect(await mesh.counter("events_dropped")).toBe(1);
  expect((await mesh.client.deadLetters()).deadLetters).toEqual([]);
});

test("the events of one sender to one agent keep their order, also those that had to wait", async () => {
  const mesh = await hostForTest();
  const worker = await mesh.worker([], {
    hello: {
      agentTypes: [agentType("a", { agentWindow: 2 })],
      subscriptions: [subscription("s", "news", "a")],
    },
  });
  const publisher = await mesh.worker();
  const texts = Array.from({ length: 50 }, (_, n) => `${n}`);
  for (const [index, text] of texts.entries()) publisher.write(publish(index + 1, "news/s", text));
  const got: string[] = [];
  while (got.length < texts.length) {
    const event = await worker.next("event");
    got.push(textOf(event.content));
    worker.write(...event.targets.map((target) => done(target)));
  }
  expect(got).toEqual(texts);
});

describe("a publish that is sent again", () => {
  test("after a lost session is accepted once, whatever the answer was", async () => {
    const mesh = await hostForTest();
    const worker = await mesh.worker(["a"], { subscriptions: ["news -> a"] });
    const options = { hello: { instanceId: "publisher-1" } };
    const first = await mesh.worker([], options);
    first.write(publish(1, "news/s", "one"), publish(2, "news/s", "two"));
    await first.next("accepted");
    await first.leave();
    const second = await mesh.worker([], options);
    second.write(
      publish(1, "news/s", "one", { resent: true }),
      publish(2, "news/s", "two", { resent: true }),
      publish(3, "news/s", "three", { resent: true }),
    );
    expect((await second.next("accepted")).sequences).toEqual([1, 2, 3]);
    const got = await events(second, worker);
    expect(got.map(({ content, resent }) => [textOf(content), resent])).toEqual([
      ["one", false],
      ["two", false],
      ["three", true],
    ]);
  });

  test("by another instance is another publish", async () => {
    const mesh = await hostForTest();
    const worker = await mesh.worker(["a"], { subscriptions: ["news -> a"] });
    for (const instanceId of ["publisher-1", "publisher-2"]) {
      const publisher = await mesh.worker([], { hello: { instanceId } });
      publisher.write(publish(1, "news/s", instanceId, { resent: true }));
      await publisher.next("accepted");
    }
    expect(await events(worker, worker)).toHaveLength(2);
  });

  test("after a refusal is tried anew", async () => {
    const mesh = await hostForTest();
    const worker = await mesh.worker(["a"], { subscriptions: ["news -> a"] });
    worker.write(publish(1, "no blanks/s", ""), publish(2, "news/s", "fine"));
    await worker.next("accepted");
    worker.write(publish(1, "news/s", "mended", { resent: true }));
    await worker.next("accepted");
    const got = await events(worker, worker);
    expect(got.map(({ content }) => textOf(content))).toEqual(["fine", "mended"]);
  });
});

test("a publish that is refused is told with the reason, and those around it are accepted", async () => {
  const mesh = await hostForTest({ maxPayloadBytes: 1_024 });
  const worker = await mesh.worker();
  worker.write(
    publish(1, "fine/s", ""),
    publish(2, "no blanks/s", ""),
    publish(3, "fine/", ""),
    publish(4, `fine/${"s".repeat(513)}`, ""),
    publish(5, `${"t".repeat(257)}/s`, ""),
    publish(6, "fine/s", "", { content: Buffer.alloc(1_025) }),
    publish(7, "fine/s", "", { delayMs: 5 }),
    publish(8, "fine/s", "", { dedupId: "once" }),
    publish(9, "fine/s", ""),
  );
  const refused = [];
  for (let count = 0; count < 7; count++) refused.push(await worker.nextControl("refused"));
  expect(refused.map(({ sequence, error }) => [sequence, error?.code])).toEqual([
    [2, 11],
    [3, 11],
    [4, 11],
    [5, 11],
    [6, 10],
    [7, 32],
    [8, 32],
  ]);
  expect((await worker.next("accepted")).sequences).toEqual([1, 9]);
});

test("publishes of a turn's end go out with it, in the name of its agent", async () => {
  const mesh = await hostForTest();
  const worker = await mesh.worker(["a", "b"], { subscriptions: ["news -> b"] });
  worker.write(send(1, "a/s", ""));
  const deliver = await worker.next("deliver");
  worker.write(
    turnEnd(deliver, { publishes: [publish(1, "news/s", "one"), publish(2, "news/s", "two")] }),
  );
  expect(await worker.result(1)).toEqual({ kind: "done" });
  expect((await worker.next("accepted")).sequences).toEqual([1, 2]);
  const got = await events(worker, worker);
  expect(got.map(({ content, sender }) => [textOf(content), sender?.text])).toEqual([
    ["one", "a/s"],
    ["two", "a/s"],
  ]);
});

describe("when a turn's end cannot take effect as a whole, nothing of it does:", () => {
  test.each([
    [
      "a publish is refused",
      { publishes: [publish(1, "news/s", "x"), publish(2, "news/s", "y", { delayMs: 1 })] },
      "UNIMPLEMENTED",
    ],
    [
      "the reply is unfit",
      {
        publishes: [publish(1, "news/s", "x"), publish(2, "news/s", "y")],
        ending: { kind: "reply", content: contentOfSize(1_025) },
      },
      "PAYLOAD_TOO_LARGE",
    ],
  ] as const)("%s", async (_, end, code) => {
    const mesh = await hostForTest({ maxPayloadBytes: 1_024 });
    const worker = await mesh.worker(["a", "b"], { subscriptions: ["news -> b"] });
    worker.write(send(1, "a/s", ""));
    worker.write(turnEnd(await worker.next("deliver"), end));
    expect(await worker.result(1)).toMatchObject({ failure: { code, outcome: "executed" } });
    const refused = [await worker.nextControl("refused"), await worker.nextControl("refused")];
    const number = ERROR_TABLE[code].number;
    expect(refused.map(({ sequence, error }) => [sequence, error?.code])).toEqual([
      [1, number],
      [2, number],
    ]);
    expect(await events(worker, worker)).toEqual([]);
  });

  test("the activation is stale", async () => {
    const mesh = await hostForTest();
    const worker = await mesh.worker(["a"]);
    worker.write(
      turnEnd({ delivery: 9, activation: 9 }, { publishes: [publish(1, "news/s", "")] }),
    );
    const { sequence, error } = await worker.nextControl("refused");
    expect([sequence, error?.code]).toEqual([1, ERROR_TABLE.ACTIVATION_STALE.number]);
  });
});

test("an event that one agent fails on is parked for it alone", async () => {
  const mesh = await hostForTest();
  const worker = await mesh.worker(["a", "b"], { subscriptions: ["news -> a", "news -> b"] });
  worker.write(publish(1, "news/s", ""));
  const { targets } = await worker.next("event");
  const [one, two] = targets;
  if (one === undefined || two === undefined) throw new Error("the event has two targets");
  worker.write(fail(one, "HANDLER_FAILED"), done(two));
  await worker.barrier();
  expect((await mesh.client.deadLetters()).deadLetters.map(({ target }) => target?.type)).toEqual([
    one.agent.type,
  ]);
});
