import { LIMITS } from "@agentmesh/proto";
import type { PublisherMark } from "../ports.ts";
import type { Database } from "./database.ts";

/** Marks written between two looks at how many there are. */
const WRITES_PER_LOOK = 1_000;

/**
 * The marks of publishers, which are written together with their events: of each publisher the last one of a
 * transaction, and that at its end.
 */
export function publisherTable(database: Database) {
  const write = database.command(
    `insert into publisher (namespace, instance, through, refused, changed)
     values (?1, ?2, ?3, ?4, ?5)
     on conflict do update set through = ?3, refused = ?4, changed = ?5`,
  );
  const latest = database.query<[string, string, number, string]>(
    `select namespace, instance, through, refused from publisher order by changed desc limit ?`,
  );
  const newest = database.query<[number | null]>("select max(changed) from publisher");
  const forget = database.command(
    `delete from publisher where changed <
       (select changed from publisher order by changed desc limit 1 offset ?)`,
  );
  let change = newest()[0]?.[0] ?? 0;
  const unwritten = new Map<string, PublisherMark>();
  const writeAll = (): void => {
    for (const { namespace, instance, through, refused } of unwritten.values()) {
      change++;
      write(namespace, instance, through, JSON.stringify(refused), change);
      if (change % WRITES_PER_LOOK === 0) forget(LIMITS.publishers - 1);
    }
    unwritten.clear();
  };
  database.beforeCommit(writeAll);
  database.onUndone(() => unwritten.clear());
  return {
    write(mark: PublisherMark): void {
      const publisher = `${mark.namespace}/${mark.instance}`;
      // Who was written last is also the last one in the map.
      unwritten.delete(publisher);
      unwritten.set(publisher, mark);
    },
    latest(limit: number): PublisherMark[] {
      writeAll();
      return latest(limit).map(([namespace, instance, through, refused]) => ({
        namespace,
        instance,
        through,
        refused: JSON.parse(refused),
      }));
    },
  };
}
