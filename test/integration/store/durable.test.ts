/** Durable subscriptions over the raw wire: what was accepted is delivered, whatever ends in between. */
import path from "node:path";
import type { DurableOptions } from "@agentmesh/proto/agentmesh/v1";
import { expect, onTestFinished, test } from "vitest";
import { folderForTest } from "../../support/folder.ts";
import {
  agentType,
  control,
  done,
  durable,
  fail,
  publish,
  textOf,
  turnEnd,
} from "../../support/frames.ts";
import { hostForTest } from "../../support/host.ts";
import { startHostProcess } from "../../support/processes.ts";
import { RawWorker } from "../../support/raw-worker.ts";
import {
  accepted,
  archive,
  declarer,
  handle,
  lettersOf,
  meshForTest,
  nextEvent,
  publishAll,
  reader,
  workerAt,
} from "./durable-mesh.ts";

test("an event waits while nobody is there to take it, and its agent gets it later, in order", async () => {
  const { address } = await meshForTest();
  const publisher = await declarer(address);
  await publishAll(publisher, ["one", "two", "three"]);
  await publisher.close();
  expect(await handle(await reader(address), 3)).toEqual(["one", "two", "three"]);
});

test("a host that drains does not wait for what the next one can deliver, and begins none of it", async () => {
  const folder = folderForTest();
  const first = await meshForTest(folder);
  const publisher = await declarer(first.address);
  const worker = await workerAt(first.address, {
    hello: { agentTypes: [agentType("reader", { agentWindow: 1 })] },
  });
  await publishAll(publisher, ["one", "two", "three"]);
  const { text, target } = await nextEvent(worker);
  const drained = first.host.drain({ graceMs: 600_000 });
  await worker.nextControl("drain");
  worker.write(done(target));
  await drained;
  expect(worker.taken("event")).toEqual([]);
  const second = await meshForTest(folder);
  expect([text, ...(await handle(await reader(second.address), 2))]).toEqual([
    "one",
    "two",
    "three",
  ]);
});

test("what was handled does not come back after a restart; what was not does", async () => {
  const folder = folderForTest();
  const first = await meshForTest(folder);
  const publisher = await declarer(first.address);
  const worker = await reader(first.address);
  await publishAll(publisher, ["one", "two", "three"]);
  expect(await handle(worker, 2)).toEqual(["one", "two"]);
  await worker.barrier();
  await first.close();
  const second = await meshForTest(folder);
  expect(await handle(await reader(second.address), 1)).toEqual(["three"]);
  const other = await workerAt(second.address);
  await other.barrier();
  await publishAll(await declarer(second.address), ["four"]);
});

test("a failed event is tried again at the head of its lane, and another lane goes on meanwhile", async () => {
  const { address } = await meshForTest();
  const publisher = await declarer(address, { backoffMs: 100 });
  const worker = await reader(address);
  await publishAll(publisher, ["one", "two"]);
  const [one, two] = [await nextEvent(worker), await nextEvent(worker)];
  expect(one.target).toMatchObject({ attempt: 1, durable: true, lane: two.target.lane });
  worker.write(
    fail(one.target, "HANDLER_FAILED", "not now"),
    control({ $case: "release", value: { deliveries: [two.target.delivery] } }),
  );
  await publishAll(publisher, ["aside"], "b", 3);
  const aside = await nextEvent(worker);
  expect(aside.text).toBe("aside");
  expect(aside.target.lane).not.toBe(one.target.lane);
  worker.write(done(aside.target));
  const again = await nextEvent(worker);
  expect(again).toMatchObject({ text: "one", id: one.id, target: { attempt: 2 } });
  // What left before the host knew of the failure can be told from what leaves now.
  expect(again.target.lane).not.toBe(one.target.lane);
  worker.write(done(again.target));
  expect(await nextEvent(worker)).toMatchObject({ text: "two", target: { attempt: 1 } });
});

test("after the last attempt an event is a dead letter of its subscription, and the lane goes on", async () => {
  const { address } = await meshForTest();
  const publisher = await declarer(address, { backoffMs: 1, maxAttempts: 3 });
  const worker = await reader(address);
  await publishAll(publisher, ["bad"]);
  for (let attempt = 1; attempt <= 3; attempt++) {
    const { target } = await nextEvent(worker);
    expect(target.attempt).toBe(attempt);
    worker.write(fail(target, "HANDLER_FAILED", `no ${attempt}`));
  }
  await publishAll(publisher, ["good"], "a", 2);
  expect(await handle(worker, 1)).toEqual(["good"]);
  expect(await lettersOf(address, 1)).toMatchObject([
    { subscription: "archive", attempts: 3, error: { text: "no 3" }, target: { key: "a" } },
  ]);
  const [letter] = await lettersOf(address, 1);
  const { firstDeliveredUnixMs = 0, lastDeliveredUnixMs = 0, parkedUnixMs = 0 } = letter ?? {};
  expect(firstDeliveredUnixMs).toBeGreaterThan(0);
  expect(lastDeliveredUnixMs).toBeGreaterThanOrEqual(firstDeliveredUnixMs);
  expect(parkedUnixMs).toBeGreaterThanOrEqual(lastDeliveredUnixMs);
});

test("a permanent failure is a dead letter at once", async () => {
  const { address } = await meshForTest();
  const publisher = await declarer(address);
  const worker = await reader(address);
  await publishAll(publisher, ["bad"]);
  const { target } = await nextEvent(worker);
  worker.write({ ...fail(target, "PAYLOAD_INVALID", "not readable"), permanent: true });
  expect(await lettersOf(address, 1)).toMatchObject([{ subscription: "archive", attempts: 1 }]);
});

test("what a publisher sends again after the host was killed is accepted once", async () => {
  const data = path.join(folderForTest(), "data");
  const first = await startHostProcess({ data });
  const publisher = await declarer(first.address);
  await publishAll(publisher, ["one", "two"]);
  await first.kill();
  const second = await startHostProcess({ data });
  const { instanceId } = publisher;
  const back = await workerAt(second.address, { hello: { instanceId } });
  back.write(publish(1, "news/a", "one", { resent: true }));
  back.write(publish(2, "news/a", "two", { resent: true }));
  back.write(publish(3, "news/a", "three", { resent: true }));
  await accepted(back, [1, 2, 3]);
  expect(await handle(await reader(second.address), 3)).toEqual(["one", "two", "three"]);
});

test("what a turn's end has published, and is sent again after the host was killed, is accepted once", async () => {
  const data = path.join(folderForTest(), "data");
  const first = await startHostProcess({ data });
  const worker = await workerAt(first.address, {
    types: ["a"],
    hello: { subscriptions: [archive()] },
  });
  const asked = worker.ask("a/x", "");
  const publishes = ["one", "two"].map((text, index) => publish(index + 1, "news/a", text));
  worker.write(turnEnd(await worker.next("deliver"), { publishes }));
  expect(await asked).toEqual({ kind: "done" });
  await first.kill();
  const second = await startHostProcess({ data });
  const back = await workerAt(second.address, { hello: { instanceId: worker.instanceId } });
  back.write(...publishes.map((sent) => ({ ...sent, resent: true })));
  await accepted(back, [1, 2]);
  await publishAll(back, ["three"], "a", 3);
  expect(await handle(await reader(second.address), 3)).toEqual(["one", "two", "three"]);
});

test("an event that is not handled within its retention is a dead letter, and publishing goes on", async () => {
  const { address } = await meshForTest();
  const publisher = await declarer(address, { retentionMs: 50 });
  await publishAll(publisher, ["late"]);
  expect(await lettersOf(address, 1)).toMatchObject([
    { subscription: "archive", attempts: 0, error: { text: expect.stringMatching(/50 ms/) } },
  ]);
  await publishAll(publisher, ["next"], "a", 2);
});

test("a lane that stands still holds up no other, and keeps its order over what memory holds", async () => {
  const { address } = await meshForTest();
  const publisher = await declarer(address);
  const many = Array.from({ length: 500 }, (_, index) => `slow ${index}`);
  await publishAll(publisher, many, "slow");
  await publishAll(publisher, ["quick"], "quick", 1_000);
  const worker = await reader(address);
  const quick = await worker.next("event", ({ topic }) => topic.source === "quick");
  expect(textOf(quick.content)).toBe("quick");
  expect(await handle(worker, many.length)).toEqual(many);
});

test("an event belongs to every durable subscription that matches, each on its own", async () => {
  const { address } = await meshForTest();
  const subscriptions = [archive(), durable("index", "ne*", "indexer")];
  const publisher = await workerAt(address, { hello: { subscriptions } });
  await publishAll(publisher, ["one"]);
  const indexer = await workerAt(address, { types: ["indexer"] });
  expect(await handle(indexer, 1)).toEqual(["one"]);
  expect(await handle(await reader(address), 1)).toEqual(["one"]);
});

test("who publishes does not receive", async () => {
  const { address } = await meshForTest();
  const worker = await workerAt(address, {
    types: ["reader"],
    hello: { subscriptions: [archive()] },
  });
  await publishAll(worker, ["wake up"]);
  const { target } = await nextEvent(worker);
  worker.write(publish(2, "news/a", "own", { activation: target.activation }), done(target));
  await accepted(worker, [2]);
  await publishAll(worker, ["next"], "a", 3);
  expect((await nextEvent(worker)).text).toBe("next");
});

/** Declares on an open session. @returns the code of the refusal; undefined when it was taken. */
async function declare(worker: RawWorker, request: number, options: Partial<DurableOptions>) {
  const subscription = archive(options);
  worker.write(control({ $case: "subscribe", value: { request, subscription } }));
  const answer = await worker.nextControl("answer");
  expect(answer.request).toBe(request);
  return answer.error?.text;
}

test("declaring again changes nothing, differs only with `update`, and is over with unsubscribe", async () => {
  const { address } = await meshForTest();
  const worker = await workerAt(address);
  expect(await declare(worker, 1, {})).toBeUndefined();
  expect(await declare(worker, 2, {})).toBeUndefined();
  expect(await declare(worker, 3, { maxAttempts: 9 })).toMatch(/exists with other options/);
  expect(await declare(worker, 4, { maxAttempts: 9, update: true })).toBeUndefined();
  const unsubscribe = { request: 5, id: "", durableName: "archive" };
  worker.write(control({ $case: "unsubscribe", value: unsubscribe }));
  expect((await worker.nextControl("answer")).error).toBeUndefined();
  worker.write(control({ $case: "unsubscribe", value: { ...unsubscribe, request: 6 } }));
  expect((await worker.nextControl("answer")).error?.text).toMatch(/no durable subscription/);
  expect(await declare(worker, 7, { maxAttempts: 2 })).toBeUndefined();
});

test("what waits for a subscription that has ended is not delivered", async () => {
  const { address } = await meshForTest();
  const publisher = await declarer(address);
  await publishAll(publisher, ["one"]);
  const unsubscribe = { request: 5, id: "", durableName: "archive" };
  publisher.write(control({ $case: "unsubscribe", value: unsubscribe }));
  await publisher.nextControl("answer");
  const worker = await reader(address);
  await declare(publisher, 6, {});
  await publishAll(publisher, ["two"], "a", 2);
  expect((await nextEvent(worker)).text).toBe("two");
});

test("without a data folder a durable subscription is refused, with what to do", async () => {
  const { address } = await hostForTest();
  const worker = await workerAt(address);
  expect(await declare(worker, 1, {})).toMatch(/--data/);
  const strange = new RawWorker(address, { hello: { subscriptions: [archive()] } });
  onTestFinished(() => strange.close());
  expect((await strange.refused()).details).toMatch(/--data/);
});
