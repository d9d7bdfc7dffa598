import { crc32 } from "node:zlib";
import type { DeadLetterLimits } from "../ports.ts";
import type { Database, Value } from "./database.ts";
import type { Handlers, PlainLetter, PlainLetterQuery } from "./operations.ts";
import { damaged } from "./store-problem.ts";

type LetterRow = readonly [
  namespace: string,
  id: number,
  targetType: string,
  targetKey: string,
  subscription: string,
  topicType: string | null,
  code: string,
  parkedUnixMs: number,
  bytes: number,
  crc: number,
  record: string,
  content: Uint8Array,
];

const COLUMNS = `namespace, id, target_type, target_key, subscription, topic_type, code,
  parked_unix_ms, bytes, crc, record, content`;

/** Letters that one page looks at. */
const LOOKED_AT_PER_PAGE = 2_000;

/** What is kept, as far as it was counted. */
interface Sizes {
  kept: number;
  bytes: number;
}

type Names = "addLetter" | "removeLetters" | "countLetters" | "listLetters" | "getLetter";

/** Dead letters, within limits: at either the oldest go. */
export function deadLetterTable(database: Database, limits: DeadLetterLimits): Handlers<Names> {
  const insert = database.command(
    `insert into dead_letter (${COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict do nothing`,
  );
  const oldest = database.query<[number, number]>(
    `select number, bytes from dead_letter order by number limit 1`,
  );
  const remove = database.command(`delete from dead_letter where number = ?`);
  const purge = database.command(
    `delete from dead_letter where namespace = ? and id = ? and target_type = ? and target_key = ?
       and subscription = ?`,
  );
  const totals = database.query<[number, number | null]>(
    `select count(*), sum(bytes) from dead_letter indexed by dead_letter_sizes`,
  );
  const find = database.query<LetterRow>(
    `select ${COLUMNS} from dead_letter
     where namespace = ?1 and id = ?2 and (?3 is null or (target_type = ?3 and target_key = ?4))
     order by number limit 1`,
  );
  let sizes: Sizes | undefined;
  let dropped = 0;
  database.onUndone(() => {
    sizes = undefined;
  });
  const sizesNow = (): Sizes => {
    if (sizes === undefined) {
      const [row] = totals();
      sizes = { kept: row?.[0] ?? 0, bytes: row?.[1] ?? 0 };
    }
    return sizes;
  };
  const makeRoom = (held: Sizes): void => {
    while (held.kept > limits.count || held.bytes > limits.bytes) {
      const [row] = oldest();
      if (row === undefined) return;
      remove(row[0]);
      held.kept--;
      held.bytes -= row[1];
      dropped++;
    }
  };
  return {
    addLetter(letter) {
      if (letter.bytes > limits.bytes || limits.count === 0) {
        dropped++;
        return undefined;
      }
      const held = sizesNow();
      if (insert(...valuesOf(letter)) === 0) return undefined;
      held.kept++;
      held.bytes += letter.bytes;
      makeRoom(held);
      return undefined;
    },
    removeLetters({ letters }) {
      let removed = 0;
      for (const { namespace, id, target, subscription } of letters) {
        removed += purge(namespace, id, ...target, subscription);
      }
      sizes = undefined;
      return removed;
    },
    countLetters: () => ({ kept: sizesNow().kept, dropped }),
    listLetters: lister(database),
    getLetter({ namespace, id, target }) {
      const [row] = find(namespace, id, target?.[0] ?? null, target?.[1] ?? null);
      return row === undefined ? undefined : letterOf(row, database.file);
    },
  };
}

function lister(database: Database): Handlers<Names>["listLetters"] {
  const horizon = database.query<[number | null, number]>(
    `select max(number), count(*) from (
       select number from dead_letter where namespace = ? and number > ? order by number limit ?)`,
  );
  const select = database.query<readonly [number, ...LetterRow]>(
    `select number, ${COLUMNS} from dead_letter
     where namespace = ?1 and number > ?2 and number <= ?3
       and (?5 is null or target_type = ?5) and (?6 is null or target_key = ?6)
       and (?7 is null or topic_type = ?7) and (?8 is null or code = ?8)
       and (?9 is null or parked_unix_ms >= ?9) and (?10 is null or parked_unix_ms < ?10)
       and (?11 is null or id in (select value from json_each(?11)))
     order by number limit ?4`,
  );
  return (query) => {
    const { namespace, after, limit } = query;
    const [row] = horizon(namespace, after, LOOKED_AT_PER_PAGE);
    const [last, looked] = [row?.[0] ?? after, row?.[1] ?? 0];
    const rows = select(namespace, after, last, limit, ...conditionsOf(query));
    const letters = rows.map(([, ...letter]) => letterOf(letter, database.file));
    const next = rows.length === limit ? (rows.at(-1)?.[0] ?? last) : last;
    const isLast = next === last && looked < LOOKED_AT_PER_PAGE;
    return { letters, next: isLast ? 0 : next };
  };
}

function conditionsOf(query: PlainLetterQuery): Value[] {
  return [
    query.agentType ?? null,
    query.agentKey ?? null,
    query.topicType ?? null,
    query.code ?? null,
    query.sinceUnixMs ?? null,
    query.untilUnixMs ?? null,
    query.ids === undefined ? null : JSON.stringify(query.ids),
  ];
}

function valuesOf(letter: PlainLetter): Value[] {
  return [
    letter.namespace,
    letter.id,
    ...letter.target,
    letter.subscription,
    letter.topicType ?? null,
    letter.code,
    letter.parkedUnixMs,
    letter.bytes,
    sumOf(letter),
    letter.record,
    letter.content,
  ];
}

function letterOf(row: LetterRow, file: string): PlainLetter {
  const letter: PlainLetter = {
    namespace: row[0],
    id: row[1],
    target: [row[2], row[3]],
    subscription: row[4],
    topicType: row[5] ?? undefined,
    code: row[6],
    parkedUnixMs: row[7],
    bytes: row[8],
    record: row[10],
    content: row[11],
  };
  if (sumOf(letter) !== row[9]) throw damaged(file, `dead letter ${letter.id} has a wrong sum`);
  return letter;
}

function sumOf({ record, content }: PlainLetter): number {
  return crc32(content, crc32(record));
}
