/** What every store of dead letters must do with letters that are on their way again, or too old. */
import assert from "node:assert/strict";
import { agentId, failure } from "@agentmesh/proto";
import type { DeadLetter, DeadLetterName } from "../model/dead-letter.ts";
import type { DeadLetterCase } from "./dead-letter-case.ts";
import { filled, idsOf, numbered, PLENTY, sampleLetter } from "./dead-letter-samples.ts";
import type { DeadLetterStore, ReplayOrder } from "./dead-letter-store.ts";

const ELSEWHERE = agentId("other", "2");

function order(letter: DeadLetterName): ReplayOrder {
  return { letter, to: ELSEWHERE };
}

/** Ids of all that is on its way, page by page. */
async function replaying(store: DeadLetterStore, limit = 2): Promise<number[]> {
  const ids: number[] = [];
  let cursor = "";
  do {
    const page = await store.replays(cursor, limit);
    ids.push(...page.replays.map(({ letter }) => letter.id));
    cursor = page.nextCursor;
  } while (cursor !== "");
  return ids;
}

function failedAgain(letter: DeadLetter): DeadLetter {
  return { ...letter, failure: failure("WORKER_LOST"), replays: 1, replayTarget: undefined };
}

const STARTING: readonly DeadLetterCase[] = [
  {
    name: "a letter that is on its way is listed with its target, and is parked no more",
    async run(create) {
      const store = await filled(create, numbered(3));
      assert.deepEqual(await store.startReplays([order(sampleLetter(2))]), [true]);
      assert.deepEqual(await idsOf(store), [1, 2, 3]);
      assert.deepEqual(await store.counts(), { kept: 2, replaying: 1, dropped: 0 });
      const shown = await store.get({ namespace: "default", id: 2 });
      assert.equal(shown?.replayTarget?.text, "other/2");
      assert.equal((await store.get({ namespace: "default", id: 1 }))?.replayTarget, undefined);
      const [replay] = (await store.replays("", 10)).replays;
      assert.deepEqual(
        [replay?.letter.namespace, replay?.letter.id, replay?.letter.target.text, replay?.to.text],
        ["default", 2, "worker/1", "other/2"],
      );
    },
  },
  {
    name: "a letter is on its way once, however often and by however many it is started",
    async run(create) {
      const store = await filled(create, numbered(2));
      const orders = numbered(3).map(order);
      const outcomes = await Promise.all([
        store.startReplays(orders),
        store.startReplays(orders),
        store.startReplays([order(sampleLetter(1)), order(sampleLetter(1))]),
      ]);
      assert.deepEqual(outcomes, [
        [true, true, false],
        [false, false, false],
        [false, false],
      ]);
      assert.deepEqual(await replaying(store), [1, 2]);
    },
  },
  {
    name: "letters on their way come in the order in which they were parked, of all namespaces",
    async run(create) {
      const other = sampleLetter(3, { namespace: "other" });
      const store = await filled(create, [...numbered(2), other, sampleLetter(4), sampleLetter(5)]);
      await store.startReplays([order(sampleLetter(5)), order(other), order(sampleLetter(1))]);
      assert.deepEqual(await replaying(store, 1), [1, 3, 5]);
      assert.deepEqual(await replaying(store, 10), [1, 3, 5]);
    },
  },
  {
    name: "of two letters of one message the one is meant that has the subscription, too",
    async run(create) {
      const archived = sampleLetter(1, { subscription: "archive" });
      const store = await filled(create, [sampleLetter(1), archived]);
      await store.startReplays([order(archived)]);
      const key = { namespace: "default", id: 1, target: archived.target };
      assert.equal((await store.get({ ...key, subscription: "" }))?.replayTarget, undefined);
      const found = await store.get({ ...key, subscription: "archive" });
      assert.equal(found?.replayTarget?.text, "other/2");
      assert.equal(await store.get({ ...key, subscription: "index" }), undefined);
    },
  },
];

const ENDING: readonly DeadLetterCase[] = [
  {
    name: "a letter on its way can be removed, and only once",
    async run(create) {
      const store = await filled(create, numbered(2));
      await store.startReplays([order(sampleLetter(1))]);
      assert.equal(await store.remove([sampleLetter(1)]), 1);
      assert.equal(await store.remove([sampleLetter(1)]), 0);
      assert.deepEqual(await store.counts(), { kept: 1, replaying: 0, dropped: 0 });
      assert.deepEqual(await replaying(store), []);
    },
  },
  {
    name: "a letter that is parked again is the youngest, as it is now, and can be started again",
    async run(create) {
      const store = await filled(create, numbered(3));
      const end = await store.end();
      await store.startReplays([order(sampleLetter(1))]);
      assert.equal(await store.repark(failedAgain(sampleLetter(1))), true);
      assert.deepEqual(await idsOf(store), [2, 3, 1]);
      const again = await store.get({ namespace: "default", id: 1 });
      assert.deepEqual(
        [again?.failure.code, again?.replays, again?.replayTarget],
        ["WORKER_LOST", 1, undefined],
      );
      const before = { namespace: "default", filter: {}, cursor: "", through: end, limit: 10 };
      const letters = (await store.list(before)).letters;
      assert.deepEqual(
        letters.map(({ id }) => id),
        [2, 3],
      );
      assert.deepEqual(await store.startReplays([order(sampleLetter(1))]), [true]);
    },
  },
  {
    name: "only what is on its way can be parked again",
    async run(create) {
      const store = await filled(create, numbered(1));
      assert.equal(await store.repark(failedAgain(sampleLetter(1))), false);
      assert.equal(await store.repark(failedAgain(sampleLetter(2))), false);
      assert.deepEqual(await idsOf(store), [1]);
      assert.equal((await store.get({ namespace: "default", id: 1 }))?.replays, 0);
    },
  },
  {
    name: "a letter whose message fails again elsewhere changes nothing while it is on its way",
    async run(create) {
      const store = await filled(create, numbered(1));
      await store.startReplays([order(sampleLetter(1))]);
      await store.add(sampleLetter(1));
      assert.deepEqual(await store.counts(), { kept: 0, replaying: 1, dropped: 0 });
    },
  },
];

const LIMITS: readonly DeadLetterCase[] = [
  {
    name: "what is on its way needs no room and is never dropped",
    async run(create) {
      const store = await filled(create, numbered(2), { ...PLENTY, count: 2 });
      await store.startReplays([order(sampleLetter(1))]);
      for (const id of [3, 4]) await store.add(sampleLetter(id));
      assert.deepEqual(await idsOf(store), [1, 3, 4]);
      assert.deepEqual(await store.counts(), { kept: 2, replaying: 1, dropped: 1 });
      await store.repark(failedAgain(sampleLetter(1)));
      assert.deepEqual(await idsOf(store), [4, 1]);
      assert.equal((await store.counts()).dropped, 2);
    },
  },
  {
    name: "letters parked before a time are dropped and counted, oldest first; what is on its way stays",
    async run(create) {
      const store = await filled(create, numbered(5));
      await store.startReplays([order(sampleLetter(2))]);
      assert.equal(await store.dropBefore(2_004), 2);
      assert.equal(await store.dropBefore(2_004), 0);
      assert.deepEqual(await idsOf(store), [2, 4, 5]);
      assert.deepEqual(await store.counts(), { kept: 2, replaying: 1, dropped: 2 });
    },
  },
  {
    name: "many old letters are dropped a bounded number at a time",
    async run(create) {
      const store = await filled(create, numbered(2_500));
      const steps: number[] = [];
      do steps.push(await store.dropBefore(9_999));
      while (steps.at(-1) !== 0);
      assert.ok(steps.length > 2, "in several steps");
      assert.deepEqual(await store.counts(), { kept: 0, replaying: 0, dropped: 2_500 });
    },
  },
  {
    name: "the letters of a subscription are counted up to a limit",
    async run(create) {
      const archived = numbered(5).map((letter) => ({ ...letter, subscription: "archive" }));
      const strange = { ...sampleLetter(9), subscription: "archive", namespace: "other" };
      const store = await filled(create, [...archived, sampleLetter(6), strange]);
      assert.equal(await store.countOf("default", "archive", 10), 5);
      assert.equal(await store.countOf("default", "archive", 3), 3);
      assert.equal(await store.countOf("default", "index", 10), 0);
      assert.deepEqual(await idsOf(store, { subscription: "archive" }), [1, 2, 3, 4, 5]);
    },
  },
];

/** All cases. */
export const replayCases: readonly DeadLetterCase[] = [...STARTING, ...ENDING, ...LIMITS];
