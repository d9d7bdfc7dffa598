/** Dead letters page by page: each looks at a bounded number of rows, and takes a bounded number of bytes. */
import type { Database, Value } from "./database.ts";
import { LETTER_COLUMNS, type LetterRow, letterOf } from "./dead-letter-row.ts";
import type { Handlers, PlainLetterQuery, PlainReplayPage } from "./operations.ts";

/** Letters that one page looks at. */
const LOOKED_AT_PER_PAGE = 2_000;
/** Bytes of letters after which a page ends. */
const MOST_PAGE_BYTES = 4 * 1024 * 1024;

const SELECTED = `namespace = ?1 and number > ?2 and number <= ?3
  and (?5 is null or target_type = ?5) and (?6 is null or target_key = ?6)
  and (?7 is null or topic_type = ?7) and (?8 is null or code = ?8)
  and (?9 is null or parked_unix_ms >= ?9) and (?10 is null or parked_unix_ms < ?10)
  and (?11 is null or id in (select value from json_each(?11)))
  and (?12 is null or subscription = ?12)
  order by number limit ?4`;

/** The letters of one namespace. */
export function letterLister(database: Database): Handlers<"listLetters">["listLetters"] {
  const horizon = database.query<[number | null, number]>(
    `select max(number), count(*) from (
       select number from dead_letter
       where namespace = ? and number > ? and number <= ? order by number limit ?)`,
  );
  const sizes = database.query<[number, number]>(
    `select number, bytes from dead_letter where ${SELECTED}`,
  );
  const select = database.query<readonly [number, ...LetterRow]>(
    `select number, ${LETTER_COLUMNS} from dead_letter where ${SELECTED}`,
  );
  return (query) => {
    const { namespace, after, limit, through = Number.MAX_SAFE_INTEGER } = query;
    const [row] = horizon(namespace, after, through, LOOKED_AT_PER_PAGE);
    const [last, looked] = [row?.[0] ?? after, row?.[1] ?? 0];
    const conditions = conditionsOf(query);
    const found = sizes(namespace, after, last, limit, ...conditions);
    const count = countFitting(found);
    const rows = count === 0 ? [] : select(namespace, after, last, count, ...conditions);
    const isFull = count === limit || count < found.length;
    const next = isFull ? (rows.at(-1)?.[0] ?? last) : last;
    const isLast = next === last && looked < LOOKED_AT_PER_PAGE;
    const letters = rows.map(([, ...letter]) => letterOf(letter, database.file));
    return { letters, next: isLast ? 0 : next };
  };
}

/** What is on its way, of all namespaces. */
export function replayLister(database: Database): Handlers<"listReplays">["listReplays"] {
  const select = database.query<
    [number, string, number, string, string, string, number, string, string]
  >(
    `select number, namespace, id, target_type, target_key, subscription, bytes, replay_type,
       replay_key
     from dead_letter where replay_type is not null and number > ? order by number limit ?`,
  );
  return ({ after, limit }): PlainReplayPage => {
    const rows = select(after, limit);
    const replays = rows.map(([, namespace, id, type, key, subscription, bytes, ...to]) => {
      return { letter: { namespace, id, target: [type, key] as const, subscription }, to, bytes };
    });
    return { replays, next: rows.length < limit ? 0 : (rows.at(-1)?.[0] ?? 0) };
  };
}

/** How many of these letters, with their sizes, make a page: one at least. */
function countFitting(sizes: readonly (readonly [number, number])[]): number {
  let bytes = 0;
  let count = 0;
  for (const [, size] of sizes) {
    bytes += size;
    if (count > 0 && bytes > MOST_PAGE_BYTES) break;
    count++;
  }
  return count;
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
    query.subscription ?? null,
  ];
}
