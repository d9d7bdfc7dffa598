/** A real disk that is full. */
import type { ErrorMessage } from "@agentmesh/proto/agentmesh/v1";
import { fromErrorMessage } from "@agentmesh/proto/wire";
import { expect, onTestFinished } from "vitest";
import { folderForTest } from "../../support/folder.ts";
import { contentOfSize, done, durable, publish, turnEnd } from "../../support/frames.ts";
import { RawWorker } from "../../support/raw-worker.ts";
import { OWN_DISK, startOnSmallDisk } from "../../support/small-disk.ts";
import { testWith } from "../../support/tools.ts";
import { until } from "../../support/waiting.ts";

const SIZE = { sizeMiB: 12, ballastMiB: 8 };
const EVENT_BYTES = 200_000;

/** `CODE, outcome, retryable: text`. */
function refusalText(error: ErrorMessage | undefined): string {
  if (error === undefined) return "refused without a reason";
  const { code, outcome, retryable, text } = fromErrorMessage(error);
  return `${code}, ${outcome}, ${retryable ? "retryable" : "not retryable"}: ${text}`;
}

/** Publishes and waits for the answer: `accepted`, or code, outcome and text of the refusal. */
async function outcomeOf(worker: RawWorker, sequence: number): Promise<string> {
  worker.write(publish(sequence, "news/a", "", { content: contentOfSize(EVENT_BYTES) }));
  let outcome = "";
  const isAnswered = (): boolean => {
    if (worker.taken("accepted").length > 0) outcome = "accepted";
    for (const { control } of worker.taken("control")) {
      if (control.$case === "refused") outcome = refusalText(control.value.error);
    }
    return outcome !== "";
  };
  await until(isAnswered, "the answer to a publish");
  return outcome;
}

/** A turn that publishes what the disk has no room for, beside what needs no disk: nothing of it takes effect. */
async function expectNothingOfTurn(address: string): Promise<void> {
  const subscriptions = ["aside -> log"];
  const worker = await RawWorker.connect(address, { types: ["a", "log"], subscriptions });
  onTestFinished(() => worker.close());
  const asked = worker.ask("a/x", "");
  const big = { content: contentOfSize(EVENT_BYTES) };
  worker.write(
    turnEnd(await worker.next("deliver"), {
      publishes: [publish(1, "aside/a", ""), publish(2, "news/a", "", big)],
    }),
  );
  expect(await asked).toMatchObject({ kind: "failed" });
  const refused = [await worker.nextControl("refused"), await worker.nextControl("refused")];
  expect(refused.map(({ sequence }) => sequence)).toEqual([1, 2]);
  await worker.barrier();
  expect(worker.taken("event")).toEqual([]);
  await worker.leave();
}

testWith(OWN_DISK)(
  "a full disk refuses events clearly, loses none that was accepted, and takes more when there is room",
  async () => {
    const disk = folderForTest();
    const { address, makeRoom } = await startOnSmallDisk(disk, SIZE);
    const subscriptions = [durable("archive", "news", "reader")];
    const publisher = await RawWorker.connect(address, { hello: { subscriptions } });
    onTestFinished(() => publisher.close());
    let accepted = 0;
    let outcome = await outcomeOf(publisher, 1);
    for (; outcome === "accepted"; outcome = await outcomeOf(publisher, accepted + 1)) accepted++;
    expect(outcome).toMatch(
      /^STORE_UNAVAILABLE, not-executed, retryable: the disk that holds \S+ is full: make room/,
    );
    expect(accepted).toBeGreaterThan(0);
    await expectNothingOfTurn(address);

    makeRoom();
    const other = await RawWorker.connect(address);
    onTestFinished(() => other.close());
    expect(await outcomeOf(other, 1)).toBe("accepted");
    const reader = await RawWorker.connect(address, { types: ["reader"] });
    onTestFinished(() => reader.close());
    for (let handled = 0; handled < accepted + 1; handled++) {
      const { targets } = await reader.next("event");
      reader.write(done(...targets));
    }
    await reader.barrier();
    expect(reader.taken("event")).toEqual([]);
  },
);
