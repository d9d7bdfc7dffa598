/** Dead letters replayed over the raw wire: each is delivered once, in order, and is gone when it was handled. */
import path from "node:path";
import type { DeadLetter, ReplayDeadLettersRequest } from "@agentmesh/proto/agentmesh/v1";
import type { EventFrame } from "@agentmesh/proto/wire";
import { describe, expect, onTestFinished, test } from "vitest";
import { folderForTest } from "../../support/folder.ts";
import { done, durable, fail, publish, send, textOf } from "../../support/frames.ts";
import { hostForTest, type TestHost } from "../../support/host.ts";
import { startHostProcess } from "../../support/processes.ts";
import { RawClient } from "../../support/raw-client.ts";
import { RawWorker, type RawWorkerOptions } from "../../support/raw-worker.ts";
import { eventually } from "../../support/waiting.ts";

async function workerAt(address: string, options: RawWorkerOptions = {}): Promise<RawWorker> {
  const worker = await RawWorker.connect(address, options);
  onTestFinished(() => worker.close());
  return worker;
}

function reader(address: string, type = "reader"): Promise<RawWorker> {
  return workerAt(address, { types: [type] });
}

function clientAt(address: string): RawClient {
  const client = new RawClient(address);
  onTestFinished(() => client.close());
  return client;
}

/** The next event with its one target. */
async function nextEvent(worker: RawWorker) {
  const frame: EventFrame = await worker.next("event");
  const [target] = frame.targets;
  if (target === undefined) throw new Error("an event has a target");
  const { source } = frame.topic;
  return { id: frame.id, text: textOf(frame.content), source, topic: frame.topic, target };
}

/** Leaves one dead letter per text and key, in this order: `b: two` is text `two` for the key `b`. */
async function leaveLetters(address: string, ...letters: readonly string[]): Promise<void> {
  const worker = await workerAt(address, {
    types: ["reader"],
    subscriptions: ["news -> reader"],
  });
  for (const [index, letter] of letters.entries()) {
    const [key = "", text = ""] = letter.split(": ");
    worker.write(publish(index + 1, `news/${key}`, text));
    const { target } = await nextEvent(worker);
    worker.write(fail(target, "HANDLER_FAILED", `cannot ${text}`));
  }
  await worker.leave();
}

async function lettersOf(
  client: RawClient,
  isWanted: (letters: readonly DeadLetter[]) => boolean,
  what: string,
): Promise<readonly DeadLetter[]> {
  const { deadLetters } = await eventually(
    () => client.deadLetters({ limit: 1_000 }),
    (page) => isWanted(page.deadLetters),
    what,
  );
  return deadLetters;
}

function none(client: RawClient): Promise<readonly DeadLetter[]> {
  return lettersOf(client, (letters) => letters.length === 0, "all dead letters to be gone");
}

/** Selects letters by their ids. */
function only(...ids: readonly number[]): ReplayDeadLettersRequest["filter"] {
  return {
    agentType: "",
    agentKey: "",
    topicType: "",
    code: 0,
    sinceUnixMs: 0,
    untilUnixMs: 0,
    ids: [...ids],
    subscription: "",
  };
}

/** Hosts that keep dead letters in memory and in a data folder: both replay alike. */
const MESHES = [
  { where: "in memory", start: () => hostForTest() },
  {
    where: "in a data folder",
    start: () => hostForTest({ data: path.join(folderForTest(), "data") }),
  },
] as const satisfies readonly { where: string; start: () => Promise<TestHost> }[];

describe.each(MESHES)("a dead letter $where that is replayed", ({ start }) => {
  test("is delivered to its agent with its old id as one more attempt, and is gone when it was handled", async () => {
    const { address, client } = await start();
    await leaveLetters(address, "a: one");
    const [letter] = (await client.deadLetters()).deadLetters;
    const worker = await reader(address);
    expect(await client.replay()).toEqual({ replayed: 1, nextCursor: "", refusals: [] });
    const event = await nextEvent(worker);
    expect(event).toMatchObject({ id: letter?.id, text: "one", topic: { type: "news" } });
    expect(event.target).toMatchObject({ agent: { type: "reader", key: "a" }, attempt: 2 });
    const status = await client.status();
    expect([status.deadLetters, status.deadLettersReplaying]).toEqual([0, 1]);
    const [shown] = (await client.deadLetters()).deadLetters;
    expect(shown?.replayTarget).toEqual({ type: "reader", key: "a" });
    worker.write(done(event.target));
    await none(client);
    expect((await client.status()).counters.dead_letters_replayed).toBe(1);
  });

  test("is delivered once, however often and however concurrently it is asked for", async () => {
    const { address, client } = await start();
    await leaveLetters(address, "a: one", "b: two");
    const worker = await reader(address);
    const asked = await Promise.all(Array.from({ length: 5 }, () => client.replay()));
    expect(asked.reduce((sum, { replayed }) => sum + replayed, 0)).toBe(2);
    const events = [await nextEvent(worker), await nextEvent(worker)];
    expect((await client.replay()).replayed).toBe(0);
    worker.write(...events.map(({ target }) => done(target)));
    await none(client);
    expect((await client.replay()).replayed).toBe(0);
    await worker.barrier();
    expect(worker.taken("event")).toEqual([]);
  });

  test("comes in order per agent, slice by slice", async () => {
    const { address, client } = await start();
    const letters = Array.from({ length: 30 }, (_, index) => `${"abc"[index % 3]}: ${index}`);
    await leaveLetters(address, ...letters);
    const worker = await reader(address);
    let [replayed, cursor] = [0, ""];
    do {
      const slice = await client.replay({ limit: 7, cursor });
      replayed += slice.replayed;
      cursor = slice.nextCursor;
    } while (cursor !== "");
    expect(replayed).toBe(30);
    const seen: string[] = [];
    for (let handled = 0; handled < 30; handled++) {
      const { source, text, target } = await nextEvent(worker);
      seen.push(`${source}: ${text}`);
      worker.write(done(target));
    }
    for (const key of ["a", "b", "c"]) {
      const ofKey = (all: readonly string[]) => all.filter((one) => one.startsWith(key));
      expect(ofKey(seen)).toEqual(ofKey(letters));
    }
    await none(client);
  });

  test("and fails again is parked again, as the youngest, and belongs to that replay no more", async () => {
    const { address, client } = await start();
    await leaveLetters(address, "a: one", "a: two", "a: three");
    const worker = await reader(address);
    const first = await client.replay({ limit: 1 });
    const { target } = await nextEvent(worker);
    worker.write(fail(target, "APPLICATION", "still not", { stack: "at b.ts:2" }));
    const isParked = (letters: readonly DeadLetter[]) => letters.at(-1)?.replays === 1;
    const letters = await lettersOf(client, isParked, "the letter to be parked again");
    expect(letters.map(({ error }) => error?.text)).toEqual([
      "cannot two",
      "cannot three",
      "still not",
    ]);
    expect(letters.at(-1)).toMatchObject({
      attempts: 2,
      replays: 1,
      replayTarget: undefined,
      error: { stack: "at b.ts:2" },
    });
    const second = await client.replay({ limit: 10, cursor: first.nextCursor });
    expect(second).toMatchObject({ replayed: 2, nextCursor: "" });
    for (const expected of ["two", "three"]) {
      const event = await nextEvent(worker);
      expect(event.text).toBe(expected);
      worker.write(done(event.target));
    }
    const left = await lettersOf(client, ({ length }) => length === 1, "one letter to be left");
    expect(left[0]?.error?.text).toBe("still not");
  });

  test("goes to another type with its key, or to one agent, when that is asked for", async () => {
    const { address, client } = await start();
    await leaveLetters(address, "a: one", "b: two");
    const other = await reader(address, "other");
    const [one, two] = (await client.deadLetters()).deadLetters;
    await client.replay({ filter: only(one?.id ?? 0), target: { type: "other", key: "" } });
    await client.replay({ filter: only(two?.id ?? 0), target: { type: "other", key: "z" } });
    const events = [await nextEvent(other), await nextEvent(other)];
    expect(events.map(({ target, text }) => [target.agent.text, text])).toEqual([
      ["other/a", "one"],
      ["other/z", "two"],
    ]);
    other.write(...events.map(({ target }) => done(target)));
    await none(client);
  });

  test("is removed by a purge while it waits for its agent, and is not delivered then", async () => {
    const { address, client } = await start();
    await leaveLetters(address, "a: one", "b: two");
    const worker = await workerAt(address, { types: ["reader"], hello: { maxInFlight: 1 } });
    await client.replay();
    const first = await nextEvent(worker);
    expect(await client.purge(undefined)).toBe(2);
    worker.write(done(first.target));
    await worker.barrier();
    expect(worker.taken("event")).toEqual([]);
    expect((await client.status()).queued).toBe(0);
    await none(client);
  });

  test("goes to the next worker when its own is lost over it", async () => {
    const { address, client } = await start();
    await leaveLetters(address, "a: one");
    const doomed = await reader(address);
    await client.replay();
    expect((await nextEvent(doomed)).target.attempt).toBe(2);
    await doomed.leave();
    const worker = await reader(address);
    const again = await nextEvent(worker);
    expect(again).toMatchObject({ text: "one", target: { attempt: 3 } });
    worker.write(done(again.target));
    await none(client);
  });
});

test("the dead letter of a send is replayed as an event, since nobody waits for its reply", async () => {
  const { address, client } = await hostForTest();
  const worker = await reader(address);
  worker.write(send(1, "reader/a", "stuck"));
  worker.write(fail(await worker.next("deliver"), "TURN_ABANDONED"));
  await lettersOf(client, ({ length }) => length === 1, "the dead letter");
  await client.replay();
  const event = await nextEvent(worker);
  expect(event).toMatchObject({
    text: "stuck",
    topic: { type: "agentmesh.replay", source: "a" },
    target: { agent: { type: "reader", key: "a" } },
  });
  worker.write(done(event.target));
  await none(client);
});

test("who stands still holds up no other, whatever waits for it", async () => {
  const { address, client } = await hostForTest();
  const letters = Array.from({ length: 200 }, (_, index) => `slow: ${index}`);
  await leaveLetters(address, ...letters, "quick: last");
  const worker = await reader(address);
  while ((await client.replay({ limit: 1_000 })).nextCursor !== "");
  const quick = await worker.next("event", ({ topic }) => topic.source === "quick");
  worker.write(done(...quick.targets));
  const seen: string[] = [];
  for (let handled = 0; handled < 200; handled++) {
    const { source, text, target } = await nextEvent(worker);
    seen.push(`${source}: ${text}`);
    worker.write(done(target));
  }
  expect(seen).toEqual(letters);
  await none(client);
});

describe("what cannot be replayed", () => {
  test("stays parked, each with its reason", async () => {
    const { address, client } = await hostForTest();
    await leaveLetters(address, "a: one");
    const [letter] = (await client.deadLetters()).deadLetters;
    const filter = only(letter?.id ?? 0, 77);
    expect(await client.replay({ filter })).toMatchObject({
      replayed: 0,
      refusals: [
        { id: 77, target: undefined, error: { code: 35, text: "there is no dead letter 77" } },
        {
          id: letter?.id,
          target: { type: "reader", key: "a" },
          error: {
            code: 1,
            text: expect.stringMatching(/no worker announced agent type "reader"/),
          },
        },
      ],
    });
    await reader(address);
    const elsewhere = await client.replay({ target: { type: "nobody", key: "" } });
    expect(elsewhere).toMatchObject({ replayed: 0, refusals: [{ error: { code: 1 } }] });
    expect((await client.status()).deadLetters).toBe(1);
  });

  test.each([
    ["a target that breaks the grammar", { target: { type: "no type", key: "" } }],
    ["a cursor of someone else", { cursor: "next, please" }],
    ["a cursor of the list", { cursor: "12" }],
  ])("is a request with %s", async (_what, request) => {
    const { client } = await hostForTest();
    expect(await client.tryReplay(request)).toMatchObject({ error: { code: "INVALID_ARGUMENT" } });
  });

  test("is everything while the host drains", async () => {
    const { address, client, host } = await hostForTest();
    await leaveLetters(address, "a: one");
    const worker = await reader(address);
    worker.write(send(1, "reader/a", "hold on"));
    const held = await worker.next("deliver");
    const draining = host.drain({ graceMs: 30_000 });
    await eventually(
      () => client.status(),
      (status) => status.draining,
      "the host to drain",
    );
    expect(await client.tryReplay({})).toMatchObject({ error: { code: "HOST_DRAINING" } });
    worker.write(fail(held, "HANDLER_FAILED"));
    await worker.close();
    await draining;
  });
});

describe("after kill -9 of the host in the middle of a replay", () => {
  test("what was on its way is delivered, what was handled is not, and asking again changes nothing", async () => {
    const data = path.join(folderForTest(), "data");
    const first = await startHostProcess({ data });
    const letters = Array.from({ length: 12 }, (_, index) => `${"ab"[index % 2]}: ${index}`);
    await leaveLetters(first.address, ...letters);
    const worker = await workerAt(first.address, { types: ["reader"], hello: { maxInFlight: 3 } });
    const client = clientAt(first.address);
    expect((await client.replay()).replayed).toBe(12);
    const handled: string[] = [];
    for (let count = 0; count < 4; count++) {
      const { source, text, target } = await nextEvent(worker);
      handled.push(`${source}: ${text}`);
      worker.write(done(target));
    }
    await lettersOf(client, ({ length }) => length === 8, "four letters to be gone");
    await first.kill();

    const second = await startHostProcess({ data });
    const again = clientAt(second.address);
    expect((await again.replay()).replayed).toBe(0);
    const next = await reader(second.address);
    while (handled.length < 12) {
      const { source, text, target } = await nextEvent(next);
      expect(target).toMatchObject({ attempt: 2, redelivered: true });
      handled.push(`${source}: ${text}`);
      next.write(done(target));
    }
    expect(handled.toSorted()).toEqual(letters.toSorted());
    for (const key of ["a", "b"]) {
      const ofKey = (all: readonly string[]) => all.filter((one) => one.startsWith(key));
      expect(ofKey(handled)).toEqual(ofKey(letters));
    }
    await none(again);
    expect(next.taken("event")).toEqual([]);
  });

  test("a letter of a durable subscription is parked again under its subscription", async () => {
    const data = path.join(folderForTest(), "data");
    const first = await startHostProcess({ data });
    const subscriptions = [durable("archive", "news", "reader", { maxAttempts: 1 })];
    const worker = await workerAt(first.address, { types: ["reader"], hello: { subscriptions } });
    worker.write(publish(1, "news/a", "one"));
    worker.write(fail((await nextEvent(worker)).target, "HANDLER_FAILED", "first"));
    await lettersOf(clientAt(first.address), ({ length }) => length === 1, "the dead letter");
    await worker.leave();
    // It writes that the subscription is past the event, which would come again otherwise.
    first.signal("SIGTERM");
    await first.ended;

    const second = await startHostProcess({ data });
    const reading = await reader(second.address);
    await clientAt(second.address).replay();
    await nextEvent(reading);
    await second.kill();

    const third = await startHostProcess({ data });
    const next = await reader(third.address);
    next.write(fail((await nextEvent(next)).target, "HANDLER_FAILED", "second"));
    const isParked = (letters: readonly DeadLetter[]) => letters[0]?.replays === 1;
    const letters = await lettersOf(clientAt(third.address), isParked, "the letter to be parked");
    expect(letters).toMatchObject([
      { subscription: "archive", error: { text: "second" }, replayTarget: undefined },
    ]);
  });
});
