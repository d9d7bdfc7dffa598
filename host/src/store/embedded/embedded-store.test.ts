import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { agentId } from "@agentmesh/proto";
import { describe, expect, onTestFinished, test } from "vitest";
import { startAt } from "../../model/durable-subscription.ts";
import { idsOf, PLENTY, sampleLetter } from "../dead-letter-samples.ts";
import type { DeadLetterLimits } from "../dead-letter-store.ts";
import { idsIn, sampleEvent } from "../event-log-samples.ts";
import { ONLY_PARTITION, type Store } from "../ports.ts";
import { storeCases } from "../store-cases.ts";
import { openEmbeddedStore } from "./embedded-store.ts";

/** A folder that is gone when the test ends. */
function folderForTest(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "agentmesh-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A store; it is closed when the test ends. */
async function open(folder: string, deadLetters: DeadLetterLimits = PLENTY): Promise<Store> {
  const store = await openEmbeddedStore(folder, { deadLetters });
  onTestFinished(() => store.close());
  return store;
}

describe("a store in a data folder", () => {
  for (const { name, run } of storeCases) {
    test(name, async () => {
      expect.hasAssertions();
      const create = ({ deadLetters }: { deadLetters: DeadLetterLimits }) =>
        open(folderForTest(), deadLetters);
      await expect(run(create)).resolves.toBeUndefined();
    });
  }
});

/** Writes one thing of every role. */
async function fill(store: Store): Promise<void> {
  const mark = { namespace: "default", instance: "one", through: 4, refused: [2] };
  const terms = { maxAttempts: 5, backoffMs: 1, maxRetryMs: 2, retentionMs: 3 };
  const match = { kind: "exact", text: "news" } as const;
  const archive = { namespace: "default", name: "archive", match, agentType: "reader", terms };
  const state = { schemaVersion: 1, contentType: "", data: Uint8Array.of(5) };
  await store.events.append(ONLY_PARTITION, sampleEvent(1), mark);
  await store.subscriptions.create(archive, ONLY_PARTITION, startAt(0));
  await store.states.save({ namespace: "default", agent: agentId("a", "b") }, state, 0);
  await store.deadLetters.add(sampleLetter(7));
  await store.numbers.note(77);
}

async function expectFilled(store: Store): Promise<void> {
  expect(await idsIn(store.events)).toEqual([1]);
  expect(await store.publishers.latest(5)).toMatchObject([{ through: 4, refused: [2] }]);
  expect(await store.subscriptions.list()).toMatchObject([{ subscription: { name: "archive" } }]);
  const state = await store.states.load({ namespace: "default", agent: agentId("a", "b") });
  expect(state?.revision).toBe(1);
  expect(await idsOf(store.deadLetters)).toEqual([7]);
  expect(await store.deadLetters.counts()).toEqual({ kept: 1, replaying: 0, dropped: 0 });
  expect(await store.numbers.noted()).toBe(77);
}

describe("what a store has accepted", () => {
  test("is there when it is opened again, and sequences go on", async () => {
    const folder = path.join(folderForTest(), "made", "on", "demand");
    const first = await open(folder);
    await fill(first);
    await first.close();
    const second = await open(folder);
    await expectFilled(second);
    expect(await second.events.append(ONLY_PARTITION, sampleEvent(2))).toBe(2);
  });

  test("counts against the limits of dead letters when it is opened again", async () => {
    const folder = folderForTest();
    const first = await open(folder, { count: 3, bytes: 1 << 20 });
    for (const id of [1, 2, 3]) await first.deadLetters.add(sampleLetter(id));
    await first.close();
    const second = await open(folder, { count: 2, bytes: 1 << 20 });
    await second.deadLetters.add(sampleLetter(4));
    expect(await idsOf(second.deadLetters)).toEqual([3, 4]);
  });

  test("is finished before the store closes; afterwards nothing is taken", async () => {
    const folder = folderForTest();
    const first = await open(folder);
    const appended = [1, 2, 3].map((id) => first.events.append(ONLY_PARTITION, sampleEvent(id)));
    await first.close();
    expect(await Promise.all(appended)).toEqual([1, 2, 3]);
    await expect(first.events.last(ONLY_PARTITION)).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
    });
    await first.close();
  });
});

describe("a store that may have so much in use", () => {
  const KIB = 1024;
  const filler = (id: number) => sampleEvent(id, "news/a", { content: new Uint8Array(64 * KIB) });

  /** Appends until the store refuses. @returns how many it took. */
  async function fillUp(store: Store): Promise<number> {
    for (let count = 0; ; count++) {
      try {
        await store.events.append(ONLY_PARTITION, filler(count + 1));
      } catch (error) {
        expect(error).toMatchObject({
          code: "OVERLOADED",
          retryable: true,
          retryAfterMs: 1_000,
          message: expect.stringMatching(/the data folder holds as much as it may/),
        });
        return count;
      }
    }
  }

  test("refuses events there and nothing else, keeps what it took, and takes more when there is room", async () => {
    const folder = folderForTest();
    const store = await openEmbeddedStore(folder, { deadLetters: PLENTY, bytes: 1024 * KIB });
    onTestFinished(() => store.close());
    const count = await fillUp(store);
    expect(count).toBeGreaterThan(8);
    expect(store.usedBytes()).toBeLessThanOrEqual(1024 * KIB);
    await store.deadLetters.add(sampleLetter(1));
    expect(await idsIn(store.events)).toHaveLength(count);
    await store.events.trim(ONLY_PARTITION, count - 1);
    expect(store.usedBytes()).toBeLessThan(512 * KIB);
    expect(await fillUp(store)).toBeGreaterThan(8);
  });

  test("refuses what would not fit beside what is under way, in the order of the calls", async () => {
    const store = await openEmbeddedStore(folderForTest(), {
      deadLetters: PLENTY,
      bytes: 1024 * KIB,
    });
    onTestFinished(() => store.close());
    const ids = Array.from({ length: 40 }, (_, index) => index + 1);
    const outcomes = await Promise.allSettled(
      ids.map((id) => store.events.append(ONLY_PARTITION, filler(id))),
    );
    const firstRefused = outcomes.findIndex(({ status }) => status === "rejected");
    expect(firstRefused).toBeGreaterThan(8);
    expect(outcomes.slice(firstRefused).every(({ status }) => status === "rejected")).toBe(true);
    expect(await idsIn(store.events)).toEqual(ids.slice(0, firstRefused));
  });
});

describe("a backup", () => {
  test("taken beside another one is whole", async () => {
    const store = await open(folderForTest());
    await fill(store);
    const copies = [path.join(folderForTest(), "one"), path.join(folderForTest(), "two")];
    const backingUp = Promise.all(copies.map((copy) => store.backup(copy)));
    for (let id = 2; id <= 200; id++)
      await store.events.append(ONLY_PARTITION, sampleEvent(id, "other/a"));
    await backingUp;
    for (const copy of copies) await expectFilled(await open(copy));
  });

  test("taken while events are appended is a store of its own, as it was at one moment", async () => {
    const store = await open(folderForTest());
    await fill(store);
    let isOver = false;
    const appending = (async () => {
      let id = 1;
      for (; !isOver; id++)
        await store.events.append(ONLY_PARTITION, sampleEvent(id + 1, "other/a"));
      return id;
    })();
    const copy = path.join(folderForTest(), "copy");
    await store.backup(copy);
    isOver = true;
    const last = await appending;
    const restored = await open(copy);
    await expectFilled(restored);
    const match = { kind: "exact", text: "other" } as const;
    const ids = await idsIn(restored.events, { match });
    expect(ids).toEqual(Array.from(ids, (_, index) => index + 2));
    expect(ids.length).toBeLessThanOrEqual(last);
    expect(await restored.events.append(ONLY_PARTITION, sampleEvent(99))).toBe(ids.length + 2);
  });

  test("needs an empty folder, and the store goes on when it has failed", async () => {
    const folder = folderForTest();
    const store = await open(folder);
    await expect(store.backup(folder)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    const blocked = path.join(folderForTest(), "copy");
    mkdirSync(path.join(blocked, "x"), { recursive: true });
    await expect(store.backup(blocked)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await fill(store);
    await store.backup(path.join(folderForTest(), "copy"));
    await expectFilled(store);
  });
});
