/** What a publisher publishes keeps its order for whoever gets all of it, although some of it goes to the disk first. */
import path from "node:path";
import { expect, test } from "vitest";
import { folderForTest } from "../../support/folder.ts";
import { durable, publish, subscription, textOf, turnEnd } from "../../support/frames.ts";
import { hostForTest, type TestHost } from "../../support/host.ts";
import type { RawWorker } from "../../support/raw-worker.ts";

const NUMBERS = Array.from({ length: 12 }, (_, index) => index + 1);
/** Every second event is for the durable subscription, too. */
const topicOf = (number: number): string => (number % 2 === 0 ? "news.a/s" : "news.b/s");

/** A mesh with a reader of all news; those of one topic type are also kept for an archive. */
async function meshForTest(): Promise<{ mesh: TestHost; reader: RawWorker }> {
  const mesh = await hostForTest({ data: path.join(folderForTest(), "data") });
  const subscriptions = [
    subscription("all", "news.*", "reader"),
    durable("archive", "news.a", "archive"),
  ];
  return { mesh, reader: await mesh.worker(["reader"], { hello: { subscriptions } }) };
}

async function textsOf(reader: RawWorker, count: number): Promise<string[]> {
  const texts: string[] = [];
  while (texts.length < count) texts.push(textOf((await reader.next("event")).content));
  return texts;
}

test("an event that needs no disk does not overtake one of its publisher that does", async () => {
  const { mesh, reader } = await meshForTest();
  const publisher = await mesh.worker();
  publisher.write(...NUMBERS.map((number) => publish(number, topicOf(number), `${number}`)));
  expect(await textsOf(reader, NUMBERS.length)).toEqual(NUMBERS.map(String));
});

test("nor does one of a turn's end, which the turn does not wait for", async () => {
  const { mesh, reader } = await meshForTest();
  const worker = await mesh.worker(["a"]);
  const asked = worker.ask("a/x", "");
  const deliver = await worker.next("deliver");
  worker.write(
    publish(1, "news.a/s", "first", { activation: deliver.activation, parent: deliver.delivery }),
    turnEnd(deliver, { publishes: [publish(2, "news.b/s", "second")] }),
  );
  expect(await asked).toEqual({ kind: "done" });
  expect(await textsOf(reader, 2)).toEqual(["first", "second"]);
});
