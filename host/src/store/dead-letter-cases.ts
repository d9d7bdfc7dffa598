/** What every store of dead letters must do: run each case against a store of its own. */
import assert from "node:assert/strict";
import { agentId, failure, MeshError, topicId } from "@agentmesh/proto";
import type { DeadLetterCase } from "./dead-letter-case.ts";
import { filled, idsOf, numbered, PLENTY, sampleLetter } from "./dead-letter-samples.ts";
import { DEAD_LETTER_OVERHEAD_BYTES } from "./dead-letter-store.ts";
import { replayCases } from "./replay-cases.ts";

const KEEPING: readonly DeadLetterCase[] = [
  {
    name: "an empty store has one empty page and no letter",
    async run(create) {
      const store = await create(PLENTY);
      assert.deepEqual(await store.counts(), { kept: 0, replaying: 0, dropped: 0 });
      assert.deepEqual(await idsOf(store), []);
      assert.equal(await store.get({ namespace: "default", id: 1 }), undefined);
    },
  },
  {
    name: "a letter comes back as it was parked",
    async run(create) {
      const letter = sampleLetter(7, {
        sender: agentId("asker", "a/b"),
        topic: topicId("news", "today"),
        failure: failure("APPLICATION", "closed", {
          appCode: "SHUT",
          stack: "Error: closed\n at x",
        }),
        attempts: 3,
        crashes: 2,
        subscription: "archive",
        payloadBytes: 3,
        firstDeliveredUnixMs: 1_500,
        lastDeliveredUnixMs: 1_700,
        traceId: "0af7651916cd43dd8448eb211c80319c",
        replays: 2,
        content: Uint8Array.of(1, 2, 3),
      });
      const store = await filled(create, [letter]);
      const kept = await store.get({ namespace: "default", id: 7 });
      assert.ok(kept !== undefined);
      assert.ok(kept.target.equals(letter.target));
      assert.equal(kept.sender?.text, "asker/a/b");
      assert.deepEqual([kept.topic?.type, kept.topic?.source], ["news", "today"]);
      assert.deepEqual([...kept.content], [1, 2, 3]);
      assert.deepEqual(kept.failure, letter.failure);
      assert.deepEqual([kept.attempts, kept.crashes, kept.subscription], [3, 2, "archive"]);
      assert.deepEqual([kept.firstDeliveredUnixMs, kept.lastDeliveredUnixMs], [1_500, 1_700]);
      assert.deepEqual([kept.traceId, kept.replays], [letter.traceId, 2]);
      assert.deepEqual([kept.messageType, kept.payloadBytes], [letter.messageType, 3]);
      assert.deepEqual([kept.acceptedUnixMs, kept.parkedUnixMs], [1_007, 2_007]);
    },
  },
  {
    name: "one event that failed for two agents leaves two letters",
    async run(create) {
      const [first, second] = [agentId("a", "1"), agentId("b", "1")];
      const letters = [sampleLetter(5, { target: first }), sampleLetter(5, { target: second })];
      const store = await filled(create, letters);
      const named = await store.get({ namespace: "default", id: 5, target: second });
      assert.equal(named?.target.text, "b/1");
      assert.equal((await store.get({ namespace: "default", id: 5 }))?.target.text, "a/1");
      const other = { namespace: "default", id: 5, target: agentId("c", "1") };
      assert.equal(await store.get(other), undefined);
    },
  },
  {
    name: "a letter that is parked twice is kept once, as it was at first",
    async run(create) {
      const store = await filled(create, [sampleLetter(1), sampleLetter(1, { attempts: 9 })]);
      assert.deepEqual(await idsOf(store), [1]);
      assert.equal((await store.get({ namespace: "default", id: 1 }))?.attempts, 1);
      await store.add(sampleLetter(1, { subscription: "archive" }));
      assert.deepEqual(await idsOf(store), [1, 1]);
    },
  },
  {
    name: "namespaces do not see each other",
    async run(create) {
      const letters = [sampleLetter(1), sampleLetter(2, { namespace: "other" })];
      const store = await filled(create, letters);
      assert.deepEqual(await idsOf(store), [1]);
      assert.deepEqual(await idsOf(store, {}, "other"), [2]);
      assert.equal(await store.get({ namespace: "default", id: 2 }), undefined);
      assert.equal((await store.counts()).kept, 2);
    },
  },
];

const PAGING: readonly DeadLetterCase[] = [
  {
    name: "pages follow the order of arrival and miss nothing",
    async run(create) {
      const store = await filled(create, numbered(25));
      const expected = numbered(25).map((letter) => letter.id);
      for (const limit of [1, 7, 25, 100]) {
        assert.deepEqual(await idsOf(store, {}, "default", limit), expected);
      }
    },
  },
  {
    name: "paging goes on where it was while letters come and go",
    async run(create) {
      const store = await filled(create, numbered(4), { ...PLENTY, count: 4 });
      const query = { namespace: "default", filter: {}, limit: 2 };
      const first = await store.list({ ...query, cursor: "" });
      for (const id of [5, 6, 7]) await store.add(sampleLetter(id));
      const second = await store.list({ ...query, cursor: first.nextCursor });
      assert.deepEqual(
        [...first.letters, ...second.letters].map(({ id }) => id),
        [1, 2, 4, 5],
      );
    },
  },
  {
    name: "a filter selects by every field, and only those that fit all",
    async run(create) {
      const store = await filled(create, [
        sampleLetter(1, { target: agentId("a", "x"), failure: failure("WORKER_LOST") }),
        sampleLetter(2, { target: agentId("a", "y"), topic: topicId("news", "s") }),
        sampleLetter(3, { target: agentId("b", "x") }),
      ]);
      assert.deepEqual(await idsOf(store, { agentType: "a" }), [1, 2]);
      assert.deepEqual(await idsOf(store, { agentKey: "x" }), [1, 3]);
      assert.deepEqual(await idsOf(store, { topicType: "news" }), [2]);
      assert.deepEqual(await idsOf(store, { code: "WORKER_LOST" }), [1]);
      assert.deepEqual(await idsOf(store, { sinceUnixMs: 2_002 }), [2, 3]);
      assert.deepEqual(await idsOf(store, { untilUnixMs: 2_002 }), [1]);
      assert.deepEqual(await idsOf(store, { ids: new Set([1, 3]) }), [1, 3]);
      assert.deepEqual(await idsOf(store, { ids: new Set() }), []);
      assert.deepEqual(await idsOf(store, { agentType: "a", agentKey: "x" }), [1]);
    },
  },
  {
    name: "a rare letter is found behind many others",
    async run(create) {
      const rare = sampleLetter(9_001, { target: agentId("rare", "1") });
      const store = await filled(create, [...numbered(9_000), rare]);
      assert.deepEqual(await idsOf(store, { agentType: "rare" }), [9_001]);
    },
  },
  {
    name: "a cursor of someone else is refused",
    async run(create) {
      const store = await filled(create, numbered(1));
      const query = { namespace: "default", filter: {}, cursor: "next, please", limit: 1 };
      await assert.rejects(
        async () => store.list(query),
        (error) => error instanceof MeshError && error.code === "INVALID_ARGUMENT",
      );
    },
  },
];

const LIMITS: readonly DeadLetterCase[] = [
  {
    name: "at the limit of letters the oldest is dropped and counted, whatever its namespace",
    async run(create) {
      const letters = [sampleLetter(1, { namespace: "other" }), ...numbered(4).slice(1)];
      const store = await filled(create, letters, { ...PLENTY, count: 2 });
      assert.deepEqual(await idsOf(store), [3, 4]);
      assert.deepEqual(await idsOf(store, {}, "other"), []);
      assert.deepEqual(await store.counts(), { kept: 2, replaying: 0, dropped: 2 });
      assert.equal(await store.get({ namespace: "default", id: 2 }), undefined);
    },
  },
  {
    name: "at the limit of bytes the oldest are dropped, as many as needed",
    async run(create) {
      const small = { content: new Uint8Array(1_000), failure: failure("HANDLER_FAILED", "") };
      const large = { ...small, content: new Uint8Array(2_000 + DEAD_LETTER_OVERHEAD_BYTES) };
      const room = 3 * (1_000 + DEAD_LETTER_OVERHEAD_BYTES);
      const letters = [1, 2, 3].map((id) => sampleLetter(id, small));
      const store = await filled(create, letters, { count: 100, bytes: room });
      assert.deepEqual(await store.counts(), { kept: 3, replaying: 0, dropped: 0 });
      await store.add(sampleLetter(4, large));
      assert.deepEqual(await idsOf(store), [3, 4]);
      assert.equal((await store.counts()).dropped, 2);
    },
  },
  {
    name: "a letter that is larger than all room is dropped and displaces nothing",
    async run(create) {
      const store = await filled(create, numbered(1), { count: 100, bytes: 10_000 });
      await store.add(sampleLetter(2, { content: new Uint8Array(20_000) }));
      assert.deepEqual(await idsOf(store), [1]);
      assert.deepEqual(await store.counts(), { kept: 1, replaying: 0, dropped: 1 });
    },
  },
];

const REMOVING: readonly DeadLetterCase[] = [
  {
    name: "letters that are removed are gone, and the others stay in their order",
    async run(create) {
      const store = await filled(create, numbered(5));
      const { letters } = await store.list({ ...EVERYTHING, filter: { ids: new Set([2, 4]) } });
      assert.equal(await store.remove(letters), 2);
      assert.deepEqual(await idsOf(store), [1, 3, 5]);
      assert.equal(await store.get({ namespace: "default", id: 2 }), undefined);
      assert.deepEqual(await store.counts(), { kept: 3, replaying: 0, dropped: 0 });
      assert.equal(await store.remove(letters), 0);
    },
  },
  {
    name: "their room is free again, and paging goes on where it was",
    async run(create) {
      const store = await filled(create, numbered(4), { ...PLENTY, count: 4 });
      const first = await store.list({ ...EVERYTHING, limit: 2 });
      await store.remove(first.letters);
      await store.add(sampleLetter(5));
      const second = await store.list({ ...EVERYTHING, cursor: first.nextCursor });
      assert.deepEqual(
        second.letters.map(({ id }) => id),
        [3, 4, 5],
      );
      assert.equal((await store.counts()).dropped, 0);
    },
  },
];

const EVERYTHING = { namespace: "default", filter: {}, cursor: "", limit: 10 };

/** All cases. */
export const deadLetterCases: readonly DeadLetterCase[] = [
  ...KEEPING,
  ...PAGING,
  ...LIMITS,
  ...REMOVING,
  ...replayCases,
];
