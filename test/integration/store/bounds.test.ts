/** What a host keeps is bounded, and what is damaged of it harms only itself. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { FakeClock } from "@agentmesh/proto/testing";
import { expect, onTestFinished, test } from "vitest";
import { folderForTest } from "../../support/folder.ts";
import {
  contentOfSize,
  control,
  done,
  durable,
  fail,
  publish,
  textOf,
} from "../../support/frames.ts";
import { hostForTest, startHost } from "../../support/host.ts";
import { RawWorker, type RawWorkerOptions } from "../../support/raw-worker.ts";
import { eventually, until } from "../../support/waiting.ts";

const MIB = 1024 * 1024;
const EVENT_BYTES = 64 * 1024;

async function workerAt(address: string, options: RawWorkerOptions = {}): Promise<RawWorker> {
  const worker = await RawWorker.connect(address, options);
  onTestFinished(() => worker.close());
  return worker;
}

/** Publishes an event of 64 KiB. @returns the refusal; undefined when it was accepted. */
async function refusalOf(worker: RawWorker, sequence: number, topic = "news/a") {
  worker.write(publish(sequence, topic, "", { content: contentOfSize(EVENT_BYTES) }));
  let refusal: { code: number; text: string; retryAfterMs: number } | undefined;
  let isAccepted = false;
  const isAnswered = (): boolean => {
    isAccepted ||= worker.taken("accepted").length > 0;
    for (const frame of worker.taken("control"))
      if (frame.control.$case === "refused") refusal = frame.control.value.error;
    return isAccepted || refusal !== undefined;
  };
  await until(isAnswered, `the answer to publish ${sequence}`);
  return refusal;
}

/** Publishes until the host refuses. @returns the sequence of the refused one, and why. */
async function fillUp(publisher: RawWorker) {
  for (let sequence = 1; ; sequence++) {
    const refusal = await refusalOf(publisher, sequence);
    if (refusal !== undefined) return { sequence, refusal };
  }
}

async function fullHost() {
  const data = path.join(folderForTest(), "data");
  const mesh = await hostForTest({ data, dataBytes: MIB });
  const hello = { subscriptions: [durable("archive", "news", "reader")] };
  const publisher = await workerAt(mesh.address, { hello });
  return { mesh, publisher, ...(await fillUp(publisher)) };
}

/** Publishes until the host accepts again. */
function acceptedAgain(publisher: RawWorker, from: number): Promise<unknown> {
  let sequence = from;
  return eventually(
    () => refusalOf(publisher, ++sequence),
    (refusal) => refusal === undefined,
    "an event to be accepted again",
  );
}

test("a data folder that is full refuses durable events clearly, and takes them when others were handled", async () => {
  const { mesh, publisher, sequence, refusal } = await fullHost();
  expect(sequence).toBeGreaterThan(8);
  expect(refusal).toMatchObject({
    code: 16,
    retryable: true,
    retryAfterMs: 1_000,
    text: expect.stringMatching(/the data folder holds as much as it may: .*data-bytes/),
  });
  expect((await mesh.client.status()).storedBytes).toBeLessThanOrEqual(MIB);
  expect(await refusalOf(publisher, sequence + 1, "other/a")).toBeUndefined();
  const reader = await workerAt(mesh.address, { types: ["reader"] });
  for (let handled = 1; handled < sequence; handled++)
    reader.write(done(...(await reader.next("event")).targets));
  await acceptedAgain(publisher, sequence + 1);
});

test("a subscription that gets nothing keeps nothing of what others have handled", async () => {
  const data = path.join(folderForTest(), "data");
  const mesh = await hostForTest({ data, dataBytes: MIB });
  const subscriptions = [durable("archive", "news", "reader"), durable("quiet", "rare", "reader")];
  const publisher = await workerAt(mesh.address, { hello: { subscriptions } });
  const { sequence } = await fillUp(publisher);
  const reader = await workerAt(mesh.address, { types: ["reader"] });
  for (let handled = 1; handled < sequence; handled++)
    reader.write(done(...(await reader.next("event")).targets));
  await acceptedAgain(publisher, sequence + 1);
});

test("the room of a subscription that has ended is free again", async () => {
  const { mesh, publisher, sequence } = await fullHost();
  const unsubscribe = { request: 5, id: "", durableName: "archive" };
  publisher.write(control({ $case: "unsubscribe", value: unsubscribe }));
  expect((await publisher.nextControl("answer")).error).toBeUndefined();
  const subscription = durable("index", "news", "reader");
  publisher.write(control({ $case: "subscribe", value: { request: 6, subscription } }));
  expect((await publisher.nextControl("answer")).error).toBeUndefined();
  await acceptedAgain(publisher, sequence);
  expect((await mesh.client.status()).storedBytes).toBeLessThan(MIB / 2);
});

test("dead letters that are too old are dropped and counted", async () => {
  const clock = new FakeClock();
  const mesh = await hostForTest({ deadLetterAgeMs: 60_000 }, clock);
  const failOn = async (sequence: number): Promise<void> => {
    const worker = await mesh.worker(["a"], { subscriptions: ["news -> a"] });
    worker.write(publish(sequence, "news/s", "x"));
    for (const target of (await worker.next("event")).targets)
      worker.write(fail(target, "HANDLER_FAILED"));
    await worker.barrier();
    await worker.leave();
  };
  await failOn(1);
  clock.advance(50_000);
  await failOn(2);
  const dropped = async (): Promise<number | undefined> => {
    clock.advance(6_000);
    return (await mesh.client.status()).counters.dead_letters_dropped;
  };
  expect((await mesh.client.status()).deadLetters).toBe(2);
  await eventually(dropped, (count) => count === 1, "one dead letter to be dropped");
  expect((await mesh.client.status()).deadLetters).toBe(1);
});

function flipBit(folder: string, after: string): void {
  const name = readdirSync(folder).find((entry) => entry.endsWith(".db")) ?? "";
  const file = path.join(folder, name);
  const bytes = readFileSync(file);
  const offset = bytes.indexOf(after) + after.length - 1;
  bytes.writeUInt8(bytes.readUInt8(offset) ^ 4, offset);
  writeFileSync(file, bytes);
}

test("an event that the disk has damaged is a dead letter that says so, and its subscription goes on", async () => {
  const data = path.join(folderForTest(), "data");
  const first = await startHost({ data });
  const hello = { subscriptions: [durable("archive", "news", "reader")] };
  const publisher = await workerAt(first.address, { hello });
  for (const [index, text] of ["first one", "second one", "third one"].entries()) {
    publisher.write(publish(index + 1, "news/a", text));
    await publisher.next("accepted");
  }
  await publisher.leave();
  await first.close();
  flipBit(data, "second one");

  const mesh = await hostForTest({ data });
  const reader = await workerAt(mesh.address, { types: ["reader"] });
  for (const expected of ["first one", "third one"]) {
    const { content, targets } = await reader.next("event");
    expect(textOf(content)).toBe(expected);
    reader.write(done(...targets));
  }
  const { deadLetters } = await eventually(
    () => mesh.client.deadLetters(),
    (page) => page.deadLetters.length === 1,
    "the dead letter",
  );
  expect(deadLetters).toMatchObject([
    {
      subscription: "archive",
      target: { type: "reader", key: "a" },
      payloadBytes: 0,
      error: { code: 9, text: expect.stringMatching(/kept of event 2 is damaged/) },
    },
  ]);
  expect(await mesh.client.replay()).toMatchObject({
    replayed: 0,
    refusals: [{ error: { code: 9, text: expect.stringMatching(/nothing is left/) } }],
  });
});
