/** What every store of subscriptions, agent states and noted numbers must do: write only over what is older. */
import assert from "node:assert/strict";
import { agentId } from "@agentmesh/proto";
import { type DurableSubscription, type Position, startAt } from "../model/durable-subscription.ts";
import { ONLY_PARTITION, type SubscriptionRecord, type SubscriptionStore } from "./ports.ts";
import type { StoreCase } from "./store-case.ts";

const CONFLICT = { kind: "conflict" } as const;

/** The subscription `name`, for tests. */
function sampleSubscription(name: string, namespace = "default"): DurableSubscription {
  const terms = { maxAttempts: 5, backoffMs: 200, maxRetryMs: 30_000, retentionMs: 60_000 };
  const match = { kind: "exact", text: "news" } as const;
  return { namespace, name, match, agentType: "reader", terms };
}

const POSITION: Position = {
  through: 40,
  open: [7, 12],
  retries: [
    {
      sequence: 7,
      attempts: 2,
      failures: 1,
      crashes: 1,
      firstUnixMs: 5,
      dueUnixMs: 9,
      isAside: true,
    },
  ],
  offered: 44,
  behind: [{ key: "a/b", from: 20 }],
};

async function onlyOne(subscriptions: SubscriptionStore): Promise<SubscriptionRecord> {
  const [record, ...more] = await subscriptions.list();
  assert.ok(record !== undefined);
  assert.deepEqual(more, []);
  return record;
}

const SUBSCRIPTIONS: readonly StoreCase[] = [
  {
    name: "a subscription is kept with its position",
    async run(create) {
      const { subscriptions } = await create();
      const archive = sampleSubscription("archive");
      const written = await subscriptions.create(archive, ONLY_PARTITION, startAt(3));
      assert.deepEqual(written, { kind: "written", revision: 1 });
      const record = await onlyOne(subscriptions);
      assert.deepEqual(record.subscription, archive);
      const position = { position: startAt(3), revision: 1 };
      assert.deepEqual([...record.positions], [[ONLY_PARTITION, position]]);
    },
  },
  {
    name: "of two that make the same name one is told that it is taken",
    async run(create) {
      const { subscriptions } = await create();
      const archive = sampleSubscription("archive");
      const outcomes = await Promise.all([
        subscriptions.create(archive, ONLY_PARTITION, startAt(0)),
        subscriptions.create({ ...archive, agentType: "other" }, ONLY_PARTITION, startAt(9)),
      ]);
      assert.deepEqual(outcomes.map(({ kind }) => kind).toSorted(), ["conflict", "written"]);
      const elsewhere = sampleSubscription("archive", "else");
      const apart = await subscriptions.create(elsewhere, ONLY_PARTITION, startAt(0));
      assert.equal(apart.kind, "written");
      assert.equal((await subscriptions.list()).length, 2);
    },
  },
  {
    name: "an update replaces the subscription of its revision and leaves the position",
    async run(create) {
      const { subscriptions } = await create();
      const archive = sampleSubscription("archive");
      await subscriptions.create(archive, ONLY_PARTITION, startAt(3));
      const changed = { ...archive, agentType: "other" };
      const outcomes = await Promise.all([
        subscriptions.update(changed, 1),
        subscriptions.update({ ...archive, agentType: "late" }, 1),
      ]);
      assert.deepEqual(outcomes, [{ kind: "written", revision: 2 }, CONFLICT]);
      const record = await onlyOne(subscriptions);
      assert.deepEqual([record.subscription, record.revision], [changed, 2]);
      assert.equal(record.positions.get(ONLY_PARTITION)?.position.through, 3);
      assert.deepEqual(await subscriptions.update(sampleSubscription("none"), 1), CONFLICT);
    },
  },
  {
    name: "a position moves from revision to revision",
    async run(create) {
      const { subscriptions } = await create();
      const archive = sampleSubscription("archive");
      await subscriptions.create(archive, ONLY_PARTITION, startAt(0));
      const moved = { position: POSITION, revision: 1 };
      const written = await subscriptions.advance(archive, ONLY_PARTITION, moved);
      assert.deepEqual(written, { kind: "written", revision: 2 });
      assert.deepEqual(await subscriptions.advance(archive, ONLY_PARTITION, moved), CONFLICT);
      const { positions } = await onlyOne(subscriptions);
      assert.deepEqual(positions.get(ONLY_PARTITION), { position: POSITION, revision: 2 });
    },
  },
  {
    name: "what is removed is gone with its position, and its name is free",
    async run(create) {
      const { subscriptions } = await create();
      const archive = sampleSubscription("archive");
      await subscriptions.create(archive, ONLY_PARTITION, startAt(0));
      assert.deepEqual(await subscriptions.remove(archive, 5), CONFLICT);
      assert.equal((await subscriptions.remove(archive, 1)).kind, "written");
      assert.deepEqual(await subscriptions.list(), []);
      const moved = { position: POSITION, revision: 1 };
      assert.deepEqual(await subscriptions.advance(archive, ONLY_PARTITION, moved), CONFLICT);
      await subscriptions.create(archive, ONLY_PARTITION, startAt(8));
      const { positions } = await onlyOne(subscriptions);
      assert.deepEqual(positions.get(ONLY_PARTITION)?.position, startAt(8));
    },
  },
];

const STATES: readonly StoreCase[] = [
  {
    name: "a state is saved over the revision that it was loaded with, and over no other",
    async run(create) {
      const { states } = await create();
      const key = { namespace: "default", agent: agentId("counter", "a/b") };
      const state = { schemaVersion: 1, contentType: "application/json", data: Uint8Array.of(1) };
      assert.equal(await states.load(key), undefined);
      const outcomes = await Promise.all([states.save(key, state, 0), states.save(key, state, 0)]);
      assert.deepEqual(outcomes, [{ kind: "written", revision: 1 }, CONFLICT]);
      const next = { ...state, schemaVersion: 2, data: Uint8Array.of(2, 3) };
      assert.deepEqual(await states.save(key, next, 1), { kind: "written", revision: 2 });
      const loaded = await states.load(key);
      assert.deepEqual([loaded?.revision, loaded?.state.schemaVersion], [2, 2]);
      assert.deepEqual([...(loaded?.state.data ?? [])], [2, 3]);
      assert.equal(await states.load({ ...key, namespace: "else" }), undefined);
    },
  },
  {
    name: "a state is removed at its revision only",
    async run(create) {
      const { states } = await create();
      const key = { namespace: "default", agent: agentId("counter", "a") };
      const state = { schemaVersion: 1, contentType: "", data: new Uint8Array(0) };
      await states.save(key, state, 0);
      assert.deepEqual(await states.remove(key, 4), CONFLICT);
      assert.equal((await states.remove(key, 1)).kind, "written");
      assert.equal(await states.load(key), undefined);
      assert.deepEqual(await states.remove(key, 1), CONFLICT);
    },
  },
];

const NUMBERS: readonly StoreCase[] = [
  {
    name: "of the numbers that were noted the largest is kept",
    async run(create) {
      const { numbers } = await create();
      assert.equal(await numbers.noted(), 0);
      await numbers.note(2 ** 52);
      await numbers.note(5);
      assert.equal(await numbers.noted(), 2 ** 52);
    },
  },
];

/** All cases. */
export const recordCases: readonly StoreCase[] = [...SUBSCRIPTIONS, ...STATES, ...NUMBERS];
