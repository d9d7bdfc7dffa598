/** What a worker of AutoGen publishes to a durable subscription of the mesh outlives the host. */
import path from "node:path";
import { DEFAULTS } from "@agentmesh/proto";
import { connectWorker, defineAgent, defineMessage, topicId } from "@agentmesh/worker-sdk";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { AutogenPeer } from "../../support/autogen-peer.ts";
import { folderForTest } from "../../support/folder.ts";
import { contentOfSize, durable, publish } from "../../support/frames.ts";
import { hostForTest } from "../../support/host.ts";
import { Journal } from "../../support/journal.ts";
import { startHostProcess } from "../../support/processes.ts";

const Note = defineMessage("Note", z.object({ number: z.number() }));

test("an event that is too large for a worker of AutoGen is a dead letter, however often it is tried", async () => {
  const mesh = await hostForTest({ data: path.join(folderForTest(), "data") });
  const peer = new AutogenPeer(mesh.address);
  await peer.open();
  await peer.serve("reader");
  const options = { maxAttempts: 3, backoffMs: 1 };
  const publisher = await mesh.worker([], {
    hello: { subscriptions: [durable("archive", "news", "reader", options)] },
  });
  const content = contentOfSize(DEFAULTS.maxPayloadBytes);
  publisher.write(publish(1, "news/a", "", { content }));
  await publisher.next("accepted");
  await mesh.untilStatus(({ deadLetters }) => deadLetters === 1, "a dead letter");
  expect((await mesh.client.deadLetters()).deadLetters).toMatchObject([
    { subscription: "archive", attempts: 3, target: { type: "reader", key: "a" } },
  ]);
});

test("events of a worker of AutoGen survive kill -9 of the host", async () => {
  const data = path.join(folderForTest(), "data");
  const first = await startHostProcess({ data });
  const declarer = await connectWorker({ host: first.address });
  onTestFinished(() => declarer.close());
  await declarer.subscribe({ type: "news" }, "reader", { durable: { name: "archive" } });
  const peer = new AutogenPeer(first.address);
  await peer.open();
  for (const number of [1, 2, 3]) peer.publish("news/a", JSON.stringify({ number }));
  // The answer comes after the host has taken the events, and what is accepted after them is stored after them.
  expect((await peer.request("nobody/1", "?")).error).not.toBe("");
  await declarer.publish(topicId("news", "a"), Note({ number: 4 }));
  await declarer.close();
  await first.kill();

  const second = await startHostProcess({ data });
  const worker = await connectWorker({ host: second.address });
  onTestFinished(() => worker.close());
  const handled = new Journal<number>("what the reader handled");
  const reader = defineAgent("reader", {
    handlers: (on) => [on(Note, ({ number }) => handled.add(number))],
  });
  await worker.register(reader);
  expect(await handled.several(() => true, 4, "the four events")).toEqual([1, 2, 3, 4]);
});
