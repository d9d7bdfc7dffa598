/** What tests of durable subscriptions share: who declares, publishes, reads and looks at dead letters. */
import path from "node:path";
import type { DurableOptions } from "@agentmesh/proto/agentmesh/v1";
import type { EventFrame } from "@agentmesh/proto/wire";
import { onTestFinished } from "vitest";
import { folderForTest } from "../../support/folder.ts";
import { done, durable, publish, textOf } from "../../support/frames.ts";
import { hostForTest, type TestHost } from "../../support/host.ts";
import { RawClient } from "../../support/raw-client.ts";
import { RawWorker, type RawWorkerOptions } from "../../support/raw-worker.ts";
import { eventually } from "../../support/waiting.ts";

export function archive(options: Partial<DurableOptions> = {}) {
  return durable("archive", "news", "reader", options);
}

export function meshForTest(data = folderForTest()): Promise<TestHost> {
  return hostForTest({ data: path.join(data, "data") });
}

export async function workerAt(
  address: string,
  options: RawWorkerOptions = {},
): Promise<RawWorker> {
  const worker = await RawWorker.connect(address, options);
  onTestFinished(() => worker.close());
  return worker;
}

/** A worker that declares the subscription and runs no agent of it. */
export function declarer(
  address: string,
  options: Partial<DurableOptions> = {},
): Promise<RawWorker> {
  return workerAt(address, { hello: { subscriptions: [archive(options)] } });
}

export function reader(address: string): Promise<RawWorker> {
  return workerAt(address, { types: ["reader"] });
}

/** Publishes texts to one agent and waits until all were accepted. */
export async function publishAll(worker: RawWorker, texts: readonly string[], key = "a", from = 1) {
  const sequences = texts.map((_, index) => from + index);
  worker.write(...texts.map((text, index) => publish(from + index, `news/${key}`, text)));
  await accepted(worker, sequences);
}

export async function accepted(worker: RawWorker, sequences: readonly number[]): Promise<void> {
  const missing = new Set(sequences);
  while (missing.size > 0) {
    const frame = await worker.next("accepted");
    for (const sequence of frame.sequences) missing.delete(sequence);
  }
}

/** The next event, its text and its one target. */
export async function nextEvent(worker: RawWorker) {
  const frame: EventFrame = await worker.next("event");
  const [target] = frame.targets;
  if (target === undefined) throw new Error("an event has a target");
  return { text: textOf(frame.content), target, id: frame.id };
}

/** Handles so many events well. @returns their texts. */
export async function handle(worker: RawWorker, count: number): Promise<string[]> {
  const texts: string[] = [];
  for (let handled = 0; handled < count; handled++) {
    const { text, target } = await nextEvent(worker);
    texts.push(text);
    worker.write(done(target));
  }
  return texts;
}

/** What a host that is killed now leaves behind. */
export async function leftBy({ host }: TestHost): Promise<string> {
  const folder = folderForTest();
  await host.backup(path.join(folder, "data"));
  return folder;
}

export async function lettersOf(address: string, count: number) {
  const client = new RawClient(address);
  onTestFinished(() => client.close());
  const isThere = ({ deadLetters }: { deadLetters: unknown[] }) => deadLetters.length === count;
  const page = await eventually(() => client.deadLetters(), isThere, `${count} dead letters`);
  return page.deadLetters;
}
