/** The order of a durable subscription's lane around an event that fails, where its successors are on their way already. */
import { connectWorker, defineAgent, defineMessage, topicId } from "@agentmesh/worker-sdk";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { folderForTest } from "../../support/folder.ts";
import { control, done, durable, fail, publish, textOf } from "../../support/frames.ts";
import { hostForTest } from "../../support/host.ts";
import { Journal } from "../../support/journal.ts";
import { startHostProcess } from "../../support/processes.ts";
import { RawWorker } from "../../support/raw-worker.ts";

const WINDOW = 2;
const Note = defineMessage("test.Note", z.object({ number: z.number() }));

/** Publishes texts to one agent and waits until all were accepted. */
async function publishAll(worker: RawWorker, texts: readonly string[]): Promise<void> {
  worker.write(...texts.map((text, index) => publish(index + 1, "news/a", text)));
  for (let accepted = 0; accepted < texts.length; ) {
    accepted += (await worker.next("accepted")).sequences.length;
  }
}

async function nextEvent(worker: RawWorker) {
  const { content, targets } = await worker.next("event");
  const [target] = targets;
  if (target === undefined) throw new Error("an event has a target");
  return { text: textOf(content), target };
}

test("when an event is given up, nothing overtakes those that were on their way behind it", async () => {
  const mesh = await hostForTest({ data: folderForTest(), agentWindow: WINDOW });
  const archive = durable("archive", "news", "reader", { maxAttempts: 1 });
  const worker = await RawWorker.connect(mesh.address, {
    types: ["reader"],
    hello: { subscriptions: [archive] },
  });
  onTestFinished(() => worker.close());
  await publishAll(worker, ["bad", "two", "three", "four"]);
  const [bad, two] = [await nextEvent(worker), await nextEvent(worker)];
  expect([bad.text, two.text]).toEqual(["bad", "two"]);

  worker.write(fail(bad.target, "HANDLER_FAILED", "no"));
  await worker.barrier();
  // There is room in the agent's window, and the worker is about to give its successor back.
  expect(worker.taken("event")).toEqual([]);
  worker.write(control({ $case: "release", value: { deliveries: [two.target.delivery] } }));
  const texts: string[] = [];
  while (texts.length < 3) {
    const { text, target } = await nextEvent(worker);
    texts.push(text);
    worker.write(done(target));
  }
  expect(texts).toEqual(["two", "three", "four"]);
});

test("events that fail for good leave the others of their lane in order, however many are on their way", async () => {
  const { address } = await startHostProcess({ data: folderForTest() });
  const worker = await connectWorker({ host: address });
  onTestFinished(() => worker.close());
  const subscription = { name: "archive", maxAttempts: 1 };
  await worker.subscribe({ type: "news" }, "reader", { durable: subscription });
  const numbers = Array.from({ length: 100 }, (_, index) => index);
  await Promise.all(
    numbers.map((number) => worker.publish(topicId("news", "a"), Note({ number }))),
  );
  const handled = new Journal<number>("what the reader handled");
  const reader = defineAgent("reader", {
    handlers: (on) => [
      on(Note, ({ number }) => {
        if (number % 10 === 3) throw new Error(`never ${number}`);
        handled.add(number);
      }),
    ],
  });
  await worker.register(reader);
  const good = numbers.filter((number) => number % 10 !== 3);
  expect(await handled.several(() => true, good.length, "all events to be handled")).toEqual(good);
});
