import { crc32 } from "node:zlib";
import type { WriteOutcome } from "../ports.ts";
import type { Database } from "./database.ts";
import type { Handlers } from "./operations.ts";
import { damaged } from "./store-problem.ts";

const CONFLICT: WriteOutcome = { kind: "conflict" };

/** The states of agents. */
export function stateTable(
  database: Database,
): Handlers<"loadState" | "saveState" | "removeState"> {
  const load = database.query<[number, number, string, number, Uint8Array]>(
    `select revision, schema_version, content_type, crc, data from state
     where namespace = ? and agent_type = ? and agent_key = ?`,
  );
  const insert = database.command(
    `insert into state values (?, ?, ?, 1, ?, ?, ?, ?) on conflict do nothing`,
  );
  const update = database.command(
    `update state set revision = revision + 1, schema_version = ?, content_type = ?, crc = ?, data = ?
     where namespace = ? and agent_type = ? and agent_key = ? and revision = ?`,
  );
  const remove = database.command(
    `delete from state where namespace = ? and agent_type = ? and agent_key = ? and revision = ?`,
  );
  return {
    loadState({ namespace, agent }) {
      const [row] = load(namespace, ...agent);
      if (row === undefined) return undefined;
      const [revision, schemaVersion, contentType, crc, data] = row;
      if (crc32(data) !== crc) {
        throw damaged(database.file, `the state of ${agent.join("/")} has a wrong sum`);
      }
      return { revision, schemaVersion, contentType, data };
    },
    saveState({ namespace, agent, revision, schemaVersion, contentType, data }) {
      const record = [schemaVersion, contentType, crc32(data), data] as const;
      const changed =
        revision === 0
          ? insert(namespace, ...agent, ...record)
          : update(...record, namespace, ...agent, revision);
      return changed === 0 ? CONFLICT : { kind: "written", revision: revision + 1 };
    },
    removeState({ namespace, agent, revision }) {
      const changed = remove(namespace, ...agent, revision);
      return changed === 0 ? CONFLICT : { kind: "written", revision: revision + 1 };
    },
  };
}
