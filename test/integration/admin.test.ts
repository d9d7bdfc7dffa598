import {
  agentId,
  connectAdmin,
  connectWorker,
  defineAgent,
  defineMessage,
  type MeshAdmin,
  type Sighting,
  topicId,
  type Worker,
} from "@agentmesh/worker-sdk";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { follow } from "../support/journal.ts";
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

async function startMesh(): Promise<{ admin: MeshAdmin; worker: Worker }> {
  const { address } = await startHostProcess();
  const worker = await connectWorker({ host: address, name: "reader-1" });
  onTestFinished(() => worker.close());
  await worker.register(reader);
  const admin = await connectAdmin({ host: address });
  onTestFinished(() => admin.close());
  return { admin, worker };
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
