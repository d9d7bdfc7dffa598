import path from "node:path";
import type { HostOptions } from "@agentmesh/host";
import {
  agentId,
  closureAgent,
  connectAdmin,
  connectWorker,
  type DurableSubscriptionInfo,
  defineAgent,
  defineMessage,
  type HostStatus,
  type MeshAdmin,
  type Sighting,
  topicId,
  type Worker,
} from "@agentmesh/worker-sdk";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { folderForTest } from "../support/folder.ts";
import { follow, Journal } from "../support/journal.ts";
import { startHostProcess } from "../support/processes.ts";
import { eventually } from "../support/waiting.ts";

const Ask = defineMessage("demo.Ask", z.object({ text: z.string() }));
const News = defineMessage("demo.News", z.object({ text: z.string() }));

const reader = defineAgent("reader", {
  subscriptions: ["news", { typePrefix: "sport" }],
  handlers: (on) => [
    on(Ask, async () => {}),
    on(News, async ({ text }) => {
      throw new Error(`cannot read ${text}`);
    }),
  ],
});

async function startMesh(
  options: HostOptions = {},
): Promise<{ admin: MeshAdmin; worker: Worker; address: string }> {
  const { address } = await startHostProcess(options);
  const worker = await connectWorker({ host: address, name: "reader-1" });
  onTestFinished(() => worker.close());
  await worker.register(reader);
  const admin = await connectAdmin({ host: address });
  onTestFinished(() => admin.close());
  return { admin, worker, address };
}

async function all<Entry>(entries: AsyncIterable<Entry>): Promise<Entry[]> {
  const list: Entry[] = [];
  for await (const entry of entries) list.push(entry);
  return list;
}

test("an admin lists what lives in a mesh and moves it off a worker", async () => {
  const { admin, worker } = await startMesh();
  await worker.send(agentId("reader", "a"), Ask({ text: "hi" }));
  const [{ sessionId = "" } = {}] = await admin.workers();
  expect(await all(admin.agents({ type: "reader" }))).toEqual([
    {
      id: agentId("reader", "a"),
      activation: expect.any(Number),
      sessionId,
      inFlight: 0,
      queued: 0,
    },
  ]);
  expect(await all(admin.agents({ type: "writer" }))).toEqual([]);
  const handled = { messageType: "demo.Ask", replyType: undefined, replyStream: false };
  expect(await all(admin.agentTypes())).toMatchObject([
    { name: "reader", workers: 1, agents: 1, handles: [{ ...handled, schema: undefined }, {}] },
  ]);
  const { handles } = await admin.agentType("reader");
  expect(handles[0]).toMatchObject({
    ...handled,
    schema: { mediaType: "application/schema+json" },
  });
  expect(JSON.parse(Buffer.from(handles[0]?.schema?.data ?? []).toString())).toMatchObject({
    properties: { text: { type: "string" } },
  });
  await expect(admin.agentType("writer")).rejects.toMatchObject({ code: "AGENT_TYPE_UNKNOWN" });
  const declared = { agentType: "reader", sessionId, id: expect.any(String), durable: undefined };
  expect(await all(admin.subscriptions())).toEqual(
    expect.arrayContaining([
      { ...declared, match: { kind: "exact", text: "news" } },
      { ...declared, match: { kind: "prefix", text: "sport" } },
    ]),
  );
  await admin.drainWorker(sessionId);
  expect(await all(admin.agents())).toEqual([]);
  expect(await admin.workers()).toMatchObject([{ phase: "draining" }]);
  await expect(admin.drainWorker("nobody")).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("an admin follows messages, and looks at and removes dead letters", async () => {
  const { admin, worker } = await startMesh();
  const tail = admin.tail({ topicType: "news" });
  await tail.begun;
  const seen = follow<Sighting>("the tail", tail);
  await worker.publish(topicId("news", "paris"), News({ text: "rain" }));
  const sightings = await seen.several(() => true, 4, "four sightings");
  expect(sightings.map(({ kind }) => kind)).toEqual(["publish", "deliver", "end", "dead-letter"]);
  const [, , ended] = sightings;
  expect(ended).toMatchObject({
    target: agentId("reader", "paris"),
    topic: topicId("news", "paris"),
    messageType: "demo.News",
    reason: { code: "HANDLER_FAILED", text: "cannot read rain" },
    missed: 0,
  });
  const [letter] = await all(
    admin.deadLetters({ filter: { agentType: "reader", code: "HANDLER_FAILED" } }),
  );
  const whole = await admin.deadLetter(letter?.id ?? 0, { target: agentId("reader", "paris") });
  expect(Buffer.from(whole.content.data).toString()).toBe('{"text":"rain"}');
  expect([
    await admin.purgeDeadLetters({ agentKey: "rome" }),
    await admin.purgeDeadLetters({}),
  ]).toEqual([0, 1]);
  await expect(admin.deadLetter(letter?.id ?? 0)).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("an admin replays many dead letters: per agent in order, each once, however often it is asked", async () => {
  const { admin, address } = await startMesh({ deadLetters: 5_000 });
  const worker = await connectWorker({ host: address });
  onTestFinished(() => worker.close());
  const handled = new Journal<string>("what was handled");
  let isBroken = true;
  const scribe = closureAgent(
    "scribe",
    News,
    ({ text }, ctx) => {
      if (isBroken) throw new Error("no ink");
      handled.add(`${ctx.self.key} ${text}`);
    },
    { subscriptions: ["minutes"] },
  );
  await worker.register(scribe);
  const numbers = Array.from({ length: 1_500 }, (_, index) => index);
  const publish = (number: number) =>
    worker.publish(topicId("minutes", String(number % 20)), News({ text: String(number) }));
  await Promise.all(numbers.map(publish));
  await eventually(
    () => admin.status(),
    ({ deadLetters }) => deadLetters === numbers.length,
    "all dead letters",
    15_000,
  );
  isBroken = false;
  const filter = { agentType: "scribe", code: "HANDLER_FAILED" } as const;
  const results = await Promise.all([
    admin.replayDeadLetters(filter),
    admin.replayDeadLetters(filter),
  ]);
  expect(results.map(({ replayed }) => replayed).reduce((a, b) => a + b)).toBe(numbers.length);
  expect(results.flatMap(({ refused }) => refused)).toEqual([]);
  const isDone = (status: HostStatus) => status.deadLetters + status.deadLettersReplaying === 0;
  await eventually(() => admin.status(), isDone, "all dead letters to be handled", 15_000);
  expect(await admin.replayDeadLetters({})).toEqual({ replayed: 0, refused: [] });
  const all = await handled.several(() => true, numbers.length, "all messages");
  for (let key = 0; key < 20; key++) {
    const ofKey = all.filter((one) => one.startsWith(`${key} `));
    const expected = numbers.filter((number) => number % 20 === key);
    expect(ofKey).toEqual(expected.map((number) => `${key} ${number}`));
  }
  expect(all).toHaveLength(numbers.length);
});

test("an admin is told what cannot be replayed, and replays elsewhere", async () => {
  const { admin, worker } = await startMesh();
  await worker.publish(topicId("news", "paris"), News({ text: "rain" }));
  const [letter] = await eventually(
    () => all(admin.deadLetters()),
    ({ length }) => length === 1,
    "the dead letter",
  );
  expect(letter).toMatchObject({
    subscription: undefined,
    traceId: undefined,
    replays: 0,
    replayTarget: undefined,
  });
  const id = letter?.id ?? 0;
  expect(await admin.replayDeadLetters({ ids: [id, 5] }, { to: { type: "nobody" } })).toMatchObject(
    {
      replayed: 0,
      refused: [
        { id: 5, target: undefined, reason: { code: "NOT_FOUND" } },
        { id, target: agentId("reader", "paris"), reason: { code: "AGENT_TYPE_UNKNOWN" } },
      ],
    },
  );
  await expect(admin.replayDeadLetters({}, { to: { type: "no type" } })).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
  });
  const handled = new Journal<string>("what the archivist handled");
  await worker.register(
    closureAgent("archivist", News, ({ text }, ctx) =>
      handled.add(`${ctx.self.key} ${ctx.messageId} ${text} ${ctx.attempt}`),
    ),
  );
  const to = { type: "archivist", key: "one" };
  expect((await admin.replayDeadLetters({ ids: [id] }, { to })).replayed).toBe(1);
  await handled.first((line) => line === `one ${id} rain 2`, "the replayed message");
});

test("an admin sees how far durable subscriptions are, and ends one", async () => {
  const { admin, worker } = await startMesh({ data: path.join(folderForTest(), "data") });
  await worker.subscribe({ type: "minutes" }, "scribe", {
    durable: { name: "archive", maxAttempts: 2, backoffMs: 1 },
  });
  await worker.subscribe({ typePrefix: "min" }, "reader", {
    durable: { name: "read", maxAttempts: 1 },
  });
  for (const text of ["one", "two", "three"])
    await worker.publish(topicId("minutes", "a"), News({ text }));
  const isThere = (found: readonly DurableSubscriptionInfo[]) =>
    found.some(({ name, backlog }) => name === "read" && backlog === 0);
  const found = await eventually(
    () => all(admin.durableSubscriptions()),
    isThere,
    "one subscription to be through",
  );
  expect(found).toMatchObject([
    {
      name: "archive",
      match: { kind: "exact", text: "minutes" },
      agentType: "scribe",
      maxAttempts: 2,
      backoffMs: 1,
      position: 0,
      backlog: 3,
      backlogCut: false,
      open: 3,
      oldestUnixMs: expect.any(Number),
      deadLetters: 0,
    },
    {
      name: "read",
      match: { kind: "prefix", text: "min" },
      position: 3,
      backlog: 0,
      oldestUnixMs: undefined,
      deadLetters: 3,
    },
  ]);
  await admin.endDurableSubscription("archive");
  expect((await all(admin.durableSubscriptions())).map(({ name }) => name)).toEqual(["read"]);
  await expect(admin.endDurableSubscription("archive")).rejects.toMatchObject({
    code: "SUBSCRIPTION_UNKNOWN",
  });
});

test("an admin lets a running host make a copy, and another host goes on from it", async () => {
  const folder = folderForTest();
  const { admin, worker } = await startMesh({ data: path.join(folder, "data") });
  await worker.publish(topicId("news", "paris"), News({ text: "rain" }));
  await eventually(
    () => admin.status(),
    ({ deadLetters }) => deadLetters === 1,
    "the dead letter",
  );
  expect((await admin.status()).storedBytes).toBeGreaterThan(0);
  const copy = path.join(folder, "copy");
  await admin.backUp(copy);
  await expect(admin.backUp(copy)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  await expect(admin.backUp("copy")).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
    message: expect.stringMatching(/no absolute path/),
  });
  const restored = await startMesh({ data: copy });
  const [letter] = await all(restored.admin.deadLetters());
  expect(letter).toMatchObject({ target: agentId("reader", "paris"), messageType: "demo.News" });
  const memory = await startMesh();
  await expect(memory.admin.backUp(path.join(folder, "other"))).rejects.toMatchObject({
    code: "UNIMPLEMENTED",
  });
});

test("a tail ends when it is aborted, and with its host", async () => {
  const { admin } = await startMesh();
  const giveUp = new AbortController();
  const ended = admin.tail();
  const given = admin.tail({}, { signal: giveUp.signal });
  await Promise.all([given.begun, ended.begun]);
  giveUp.abort();
  await expect(all(given)).rejects.toMatchObject({ code: "CANCELLED" });
  await admin.drainHost({ graceMs: 1 });
  await expect(all(ended)).rejects.toMatchObject({ code: "HOST_DRAINING" });
  await eventually(
    () =>
      admin.status().then(
        () => "there",
        () => "gone",
      ),
    (told) => told === "gone",
    "the host to be gone",
  );
});
