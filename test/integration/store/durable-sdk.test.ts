/** Durable subscriptions as users meet them: through the worker SDK. */
import path from "node:path";
import {
  connectWorker,
  createLocalRuntime,
  defineAgent,
  defineMessage,
  topicId,
  type Worker,
} from "@agentmesh/worker-sdk";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { folderForTest } from "../../support/folder.ts";
import { Journal } from "../../support/journal.ts";
import { startHostProcess } from "../../support/processes.ts";

const Note = defineMessage("test.Note", z.object({ number: z.number() }));
const NEWS = { type: "news" };
const ARCHIVE = { name: "archive", backoffMs: 1 };

async function workerAt(host: string): Promise<Worker> {
  const worker = await connectWorker({ host });
  onTestFinished(() => worker.close());
  return worker;
}

interface Heard {
  readonly number: number;
  readonly attempt: number;
}

/** A reader that fails when `fails` says so. @returns what it handled. */
async function startReader(worker: Worker, fails: (heard: Heard) => boolean = () => false) {
  const handled = new Journal<Heard>("what the reader handled");
  const reader = defineAgent("reader", {
    handlers: (on) => [
      on(Note, ({ number }, { attempt }) => {
        if (fails({ number, attempt })) throw new Error(`not ${number} now`);
        handled.add({ number, attempt });
      }),
    ],
  });
  await worker.register(reader);
  return handled;
}

async function publishAll(worker: Worker, numbers: readonly number[]): Promise<void> {
  const published = numbers.map((number) => worker.publish(topicId("news", "a"), Note({ number })));
  await Promise.all(published);
}

test("an event that fails is tried again before those behind it, which were on their way already", async () => {
  const { address } = await startHostProcess({ data: folderForTest() });
  const worker = await workerAt(address);
  await worker.subscribe(NEWS, "reader", { durable: ARCHIVE });
  const numbers = Array.from({ length: 10 }, (_, index) => index);
  await publishAll(worker, numbers);
  const isBad = ({ number, attempt }: Heard) => number % 4 === 0 && attempt < 3;
  const handled = await startReader(worker, isBad);
  const all = await handled.several(() => true, numbers.length, "all events to be handled");
  expect(all.map(({ number }) => number)).toEqual(numbers);
  expect(all.map(({ attempt }) => attempt)).toEqual(
    numbers.map((number) => (number % 4 === 0 ? 3 : 1)),
  );
});

test("a worker that has left leaves its durable subscription behind, and the next host goes on with it", async () => {
  const data = path.join(folderForTest(), "data");
  const first = await startHostProcess({ data });
  const declarer = await workerAt(first.address);
  await declarer.subscribe(NEWS, "reader", { durable: ARCHIVE });
  await publishAll(declarer, [1, 2]);
  await declarer.close();
  await first.kill();
  const second = await startHostProcess({ data });
  const worker = await workerAt(second.address);
  await publishAll(worker, [3]);
  const handled = await startReader(worker);
  const all = await handled.several(() => true, 3, "all events to be handled");
  expect(all.map(({ number }) => number)).toEqual([1, 2, 3]);
});

test("a worker that comes back to a new host declares it again, without a conflict", async () => {
  const data = path.join(folderForTest(), "data");
  const first = await startHostProcess({ data });
  const worker = await workerAt(first.address);
  const id = await worker.subscribe(NEWS, "reader", { durable: ARCHIVE });
  const handled = await startReader(worker);
  await first.kill();
  await startHostProcess({ data, listen: first.address });
  await publishAll(worker, [1]);
  await handled.first(({ number }) => number === 1, "the event", { limitMs: 15_000 });
  await worker.unsubscribe(id);
  await worker.subscribe(NEWS, "reader", { durable: { ...ARCHIVE, maxAttempts: 2 } });
});

test("other options are refused, with the code that says so", async () => {
  const { address } = await startHostProcess({ data: folderForTest() });
  const worker = await workerAt(address);
  await worker.subscribe(NEWS, "reader", { durable: ARCHIVE });
  const other = worker.subscribe(NEWS, "other", { durable: ARCHIVE });
  await expect(other).rejects.toMatchObject({ code: "SUBSCRIPTION_CONFLICT" });
  await worker.subscribe(NEWS, "other", { durable: { ...ARCHIVE, update: true } });
});

test("a local runtime keeps nothing", async () => {
  await using runtime = createLocalRuntime();
  const subscribing = runtime.subscribe(NEWS, "reader", { durable: ARCHIVE });
  await expect(subscribing).rejects.toMatchObject({ code: "UNIMPLEMENTED" });
});
