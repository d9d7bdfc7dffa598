/** What every log of events must do, whoever keeps it. */
import assert from "node:assert/strict";
import { agentId } from "@agentmesh/proto";
import { idsIn, newsQuery, readAll, sampleEvent } from "./event-log-samples.ts";
import { type EventQuery, ONLY_PARTITION } from "./ports.ts";
import type { StoreCase } from "./store-case.ts";

const OTHER_PARTITION = 7;

const APPENDING: readonly StoreCase[] = [
  {
    name: "an empty log has no last event and one empty page",
    async run(create) {
      const { events } = await create();
      assert.equal(await events.last(ONLY_PARTITION), 0);
      const page = await events.read(ONLY_PARTITION, newsQuery({ through: 0 }));
      assert.deepEqual(page, { events: [], through: 0 });
    },
  },
  {
    name: "an event comes back as it was appended",
    async run(create) {
      const { events } = await create();
      const sender = agentId("reporter", "a/b");
      const content = new Uint8Array(100_000).map((_, index) => index % 251);
      const added = sampleEvent(2 ** 50, "news/Zoë / 1", { sender, resent: true, content });
      assert.equal(await events.append(ONLY_PARTITION, added), 1);
      const [logged] = await readAll(events);
      assert.ok(logged !== undefined);
      const { event, sequence, namespace } = logged;
      assert.deepEqual([sequence, namespace, event.id], [1, "default", 2 ** 50]);
      assert.equal(event.topic.toString(), added.event.topic.toString());
      assert.equal(event.sender?.text, "reporter/a/b");
      assert.deepEqual([event.resent, event.acceptedUnixMs], [true, added.event.acceptedUnixMs]);
      assert.deepEqual(Buffer.from(event.content), Buffer.from(content));
    },
  },
  {
    name: "keys may have any characters, and are told apart by each of them",
    async run(create) {
      const { events } = await create();
      const sources = ["a", "a\0b", "a\u0001\u0002b", "a\0", "\u0001"];
      for (const [index, source] of sources.entries()) {
        const changes = { sender: agentId("reporter", source) };
        await events.append(ONLY_PARTITION, sampleEvent(index + 1, `news/${source}`, changes));
      }
      const logged = await readAll(events);
      assert.deepEqual(
        logged.map(({ event }) => event.topic.source),
        sources,
      );
      assert.deepEqual(
        logged.map(({ event }) => event.sender?.key),
        sources,
      );
      assert.deepEqual(
        logged.map(({ damage }) => damage),
        sources.map(() => undefined),
      );
      assert.deepEqual(await idsIn(events, { source: "a\0b" }), [2]);
    },
  },
  {
    name: "a content is kept without the buffer that it is a view of",
    async run(create) {
      const { events } = await create();
      const batch = new Uint8Array(1_000).fill(9);
      const content = batch.subarray(10, 13);
      const appended = events.append(ONLY_PARTITION, sampleEvent(1, "news/a", { content }));
      await appended;
      const [logged] = await readAll(events);
      assert.deepEqual([...(logged?.event.content ?? [])], [9, 9, 9]);
    },
  },
  {
    name: "sequences follow the order of the calls, also of calls that do not wait for each other",
    async run(create) {
      const { events } = await create();
      const ids = Array.from({ length: 500 }, (_, index) => index + 1);
      const sequences = await Promise.all(
        ids.map((id) => events.append(ONLY_PARTITION, sampleEvent(id))),
      );
      assert.deepEqual(sequences, ids);
      assert.deepEqual(await idsIn(events), ids);
    },
  },
  {
    name: "partitions have sequences of their own and do not see each other",
    async run(create) {
      const { events } = await create();
      await events.append(ONLY_PARTITION, sampleEvent(1));
      assert.equal(await events.append(OTHER_PARTITION, sampleEvent(2)), 1);
      assert.deepEqual(await idsIn(events), [1]);
      assert.deepEqual(await idsIn(events, {}, OTHER_PARTITION), [2]);
    },
  },
];

const READING: readonly StoreCase[] = [
  {
    name: "a query selects by namespace, topic and source",
    async run(create) {
      const { events } = await create();
      const topics = ["news/a", "news/b", "news.local/a", "other/a", "newsroom/b"];
      for (const [index, topic] of topics.entries()) {
        await events.append(ONLY_PARTITION, sampleEvent(index + 1, topic));
      }
      await events.append(ONLY_PARTITION, sampleEvent(9, "news/a", { namespace: "else" }));
      const prefix = { kind: "prefix", text: "news" } as const;
      assert.deepEqual(await idsIn(events), [1, 2]);
      assert.deepEqual(await idsIn(events, { match: prefix }), [1, 2, 3, 5]);
      assert.deepEqual(
        await idsIn(events, { match: { kind: "prefix", text: "" } }),
        [1, 2, 3, 4, 5],
      );
      assert.deepEqual(await idsIn(events, { source: "b" }), [2]);
      assert.deepEqual(await idsIn(events, { match: prefix, source: "a" }), [1, 3]);
      assert.deepEqual(await idsIn(events, { namespace: "else" }), [9]);
    },
  },
  {
    name: "pages of any size see every event once",
    async run(create) {
      const { events } = await create();
      const ids = Array.from({ length: 30 }, (_, index) => index + 1);
      await Promise.all(
        ids.map((id) => events.append(ONLY_PARTITION, sampleEvent(id, `news/${id % 2}`))),
      );
      for (const limit of [1, 7, 30, 100]) {
        assert.deepEqual(await idsIn(events, { limit }), ids);
        assert.deepEqual(
          await idsIn(events, { limit, source: "1" }),
          ids.filter((id) => id % 2),
        );
      }
      assert.deepEqual(await idsIn(events, { after: 20 }), ids.slice(20));
    },
  },
  {
    name: "a long log is read by source from anywhere in it",
    async run(create) {
      const { events } = await create();
      const ids = Array.from({ length: 2_500 }, (_, index) => index + 1);
      const sourceOf = (id: number) => (id % 700 === 0 ? "rare" : "often");
      await Promise.all(
        ids.map((id) => events.append(ONLY_PARTITION, sampleEvent(id, `news/${sourceOf(id)}`))),
      );
      assert.deepEqual(await idsIn(events, { source: "rare" }), [700, 1_400, 2_100]);
      assert.deepEqual(await idsIn(events, { source: "rare", after: 700 }), [1_400, 2_100]);
      const often = ids.filter((id) => sourceOf(id) === "often" && id > 1_000);
      assert.deepEqual(await idsIn(events, { source: "often", after: 1_000 }), often);
    },
  },
  {
    name: "a page ends where the query says, and says how far it has looked",
    async run(create) {
      const { events } = await create();
      for (const id of [1, 2, 3]) await events.append(ONLY_PARTITION, sampleEvent(id, "other/a"));
      const nothing = await events.read(ONLY_PARTITION, newsQuery({ through: 2 }));
      assert.deepEqual(nothing, { events: [], through: 2 });
      const match = { kind: "exact", text: "other" } as const;
      const page = await events.read(ONLY_PARTITION, newsQuery({ match, through: 3, limit: 2 }));
      assert.deepEqual([page.events.map(({ sequence }) => sequence), page.through], [[1, 2], 2]);
    },
  },
  {
    name: "large events come in pages that fit into memory",
    async run(create) {
      const { events } = await create();
      const content = new Uint8Array(3 * 1024 * 1024);
      for (const id of [1, 2, 3]) {
        await events.append(ONLY_PARTITION, sampleEvent(id, "news/a", { content }));
      }
      assert.deepEqual(await idsIn(events), [1, 2, 3]);
    },
  },
];

const TRIMMING: readonly StoreCase[] = [
  {
    name: "events are counted as far as they are looked at",
    async run(create) {
      const { events } = await create();
      for (let id = 1; id <= 4; id++) await events.append(ONLY_PARTITION, sampleEvent(id));
      await events.append(ONLY_PARTITION, sampleEvent(5, "other/a"));
      const count = (changes: Partial<EventQuery>) =>
        events.count(ONLY_PARTITION, newsQuery({ through: 5, ...changes }));
      assert.deepEqual(await count({ limit: 10 }), { count: 4, isCut: false });
      assert.deepEqual(await count({ after: 1, through: 3 }), { count: 2, isCut: false });
      assert.deepEqual(await count({ limit: 3 }), { count: 3, isCut: true });
    },
  },
  {
    name: "what is trimmed is not read any more, and what is behind stays",
    async run(create) {
      const { events } = await create();
      const ids = Array.from({ length: 5_000 }, (_, index) => index + 1);
      await Promise.all(ids.map((id) => events.append(ONLY_PARTITION, sampleEvent(id))));
      await events.trim(ONLY_PARTITION, 4_990);
      const left = await idsIn(events, { limit: 100 });
      assert.deepEqual(left.slice(-10), ids.slice(-10));
      assert.ok(left.length <= 11, `${left.length} events are left`);
    },
  },
  {
    name: "a sequence is not given again when everything was trimmed",
    async run(create) {
      const { events } = await create();
      for (const id of [1, 2, 3]) await events.append(ONLY_PARTITION, sampleEvent(id));
      await events.trim(ONLY_PARTITION, 3);
      assert.equal(await events.last(ONLY_PARTITION), 3);
      assert.equal(await events.append(ONLY_PARTITION, sampleEvent(4)), 4);
    },
  },
];

const MARKS: readonly StoreCase[] = [
  {
    name: "events are appended together, in their order, behind those before them and with one mark",
    async run(create) {
      const { events, publishers } = await create();
      const mark = { namespace: "default", instance: "one", through: 4, refused: [] };
      const [first, next, last] = await Promise.all([
        events.append(ONLY_PARTITION, sampleEvent(1)),
        events.appendAll(
          ONLY_PARTITION,
          [2, 3, 4].map((id) => sampleEvent(id)),
          mark,
        ),
        events.append(ONLY_PARTITION, sampleEvent(5)),
      ]);
      assert.deepEqual([first, next, last], [1, 2, 5]);
      const found = await readAll(events);
      assert.deepEqual(
        found.map(({ sequence, event }) => [sequence, event.id]),
        [1, 2, 3, 4, 5].map((id) => [id, id]),
      );
      assert.deepEqual(await publishers.latest(10), [mark]);
    },
  },
  {
    name: "the mark of a publisher comes with its event, and the latest counts",
    async run(create) {
      const { events, publishers } = await create();
      const mark = { namespace: "default", instance: "one", through: 1, refused: [] };
      assert.deepEqual(await publishers.latest(10), []);
      await events.append(ONLY_PARTITION, sampleEvent(1), mark);
      await events.append(ONLY_PARTITION, sampleEvent(2), { ...mark, instance: "two" });
      const later = { ...mark, through: 9, refused: [3, 4] };
      await events.append(ONLY_PARTITION, sampleEvent(3), later);
      assert.deepEqual(await publishers.latest(10), [later, { ...mark, instance: "two" }]);
      assert.deepEqual(await publishers.latest(1), [later]);
    },
  },
];

/** All cases. */
export const eventLogCases: readonly StoreCase[] = [
  ...APPENDING,
  ...READING,
  ...TRIMMING,
  ...MARKS,
];
