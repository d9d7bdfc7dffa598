import type { WriteOutcome } from "../ports.ts";
import type { Database } from "./database.ts";
import type { Handlers, PlainSubscription } from "./operations.ts";

type Names =
  | "listSubscriptions"
  | "createSubscription"
  | "updateSubscription"
  | "removeSubscription"
  | "advanceSubscription";

const CONFLICT: WriteOutcome = { kind: "conflict" };

/** Durable subscriptions and their positions. */
export function subscriptionTable(database: Database): Handlers<Names> {
  const create = database.command(
    `insert into subscription (namespace, name, revision, record) values (?, ?, 1, ?)
     on conflict do nothing`,
  );
  const place = database.command(
    `insert into position (namespace, name, partition, revision, record) values (?, ?, ?, 1, ?)`,
  );
  const update = database.command(
    `update subscription set revision = revision + 1, record = ?
     where namespace = ? and name = ? and revision = ?`,
  );
  const remove = database.command(
    `delete from subscription where namespace = ? and name = ? and revision = ?`,
  );
  const removePositions = database.command(`delete from position where namespace = ? and name = ?`);
  const advance = database.command(
    `update position set revision = revision + 1, record = ?
     where namespace = ? and name = ? and partition = ? and revision = ?`,
  );
  return {
    listSubscriptions: lister(database),
    createSubscription({ subscription, partition, position }) {
      const { namespace, name } = subscription;
      if (create(namespace, name, JSON.stringify(subscription)) === 0) return CONFLICT;
      place(namespace, name, partition, JSON.stringify(position));
      return written(1);
    },
    updateSubscription({ subscription, revision }) {
      const { namespace, name } = subscription;
      const changed = update(JSON.stringify(subscription), namespace, name, revision);
      return changed === 0 ? CONFLICT : written(revision + 1);
    },
    removeSubscription({ namespace, name, revision }) {
      if (remove(namespace, name, revision) === 0) return CONFLICT;
      removePositions(namespace, name);
      return written(revision + 1);
    },
    advanceSubscription({ namespace, name, partition, position, revision }) {
      const record = JSON.stringify(position);
      const changed = advance(record, namespace, name, partition, revision);
      return changed === 0 ? CONFLICT : written(revision + 1);
    },
  };
}

function lister(database: Database): Handlers<Names>["listSubscriptions"] {
  const list = database.query<[string, string, number, string]>(
    `select namespace, name, revision, record from subscription order by namespace, name`,
  );
  const positions = database.query<[number, number, string]>(
    `select partition, revision, record from position where namespace = ? and name = ?`,
  );
  return () =>
    list().map(
      ([namespace, name, revision, record]): PlainSubscription => ({
        subscription: JSON.parse(record),
        revision,
        positions: positions(namespace, name).map(([partition, moved, at]) => [
          partition,
          { position: JSON.parse(at), revision: moved },
        ]),
      }),
    );
}

function written(revision: number): WriteOutcome {
  return { kind: "written", revision };
}
