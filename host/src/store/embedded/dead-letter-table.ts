import type { DeadLetterCounts, DeadLetterLimits } from "../dead-letter-store.ts";
import type { Database } from "./database.ts";
import { letterLister, replayLister } from "./dead-letter-list.ts";
import { LETTER_COLUMNS, type LetterRow, letterOf, valuesOf } from "./dead-letter-row.ts";
import type { Handlers, PlainLetter, PlainLetterName } from "./operations.ts";

/** Letters that are dropped at once because of their age. */
const DROPPED_AT_ONCE = 1_000;

type Names =
  | "addLetter"
  | "removeLetters"
  | "dropLetters"
  | "countLetters"
  | "countLettersOf"
  | "listLetters"
  | "lastLetter"
  | "getLetter"
  | "startReplays"
  | "listReplays"
  | "reparkLetter";

/** Dead letters: those that are parked within limits, and those that are on their way again. */
export function deadLetterTable(database: Database, limits: DeadLetterLimits): Handlers<Names> {
  const shelf = new Shelf(database, limits);
  const find = database.query<LetterRow>(
    `select ${LETTER_COLUMNS} from dead_letter indexed by dead_letter_by_message
     where namespace = ?1 and id = ?2 and (?3 is null or (target_type = ?3 and target_key = ?4))
       and (?5 is null or subscription = ?5)
     order by number limit 1`,
  );
  const last = database.query<[number | null]>("select max(number) from dead_letter");
  const countOf = database.query<[number]>(
    `select count(*) from (select 1 from dead_letter
       where namespace = ? and subscription = ? and subscription <> '' limit ?)`,
  );
  return {
    addLetter(letter) {
      shelf.park(letter);
      return undefined;
    },
    removeLetters: ({ letters }) => letters.filter((name) => shelf.remove(name)).length,
    dropLetters: ({ before }) => shelf.dropBefore(before),
    countLetters: () => shelf.counts(),
    countLettersOf: ({ namespace, name, most }) => countOf(namespace, name, most)[0]?.[0] ?? 0,
    listLetters: letterLister(database),
    lastLetter: () => last()[0]?.[0] ?? 0,
    getLetter({ namespace, id, target, subscription }) {
      const [type, key] = target ?? [null, null];
      const [row] = find(namespace, id, type, key, subscription ?? null);
      return row === undefined ? undefined : letterOf(row, database.file);
    },
    startReplays: ({ orders }) => orders.map(({ letter, to }) => shelf.startReplay(letter, to)),
    listReplays: replayLister(database),
    reparkLetter(letter) {
      if (!shelf.endReplay(letter)) return false;
      shelf.park(letter);
      return true;
    },
  };
}

type Tally = { parked: number; parkedBytes: number; replaying: number };

const NAMED =
  "namespace = ? and id = ? and target_type = ? and target_key = ? and subscription = ?";

/** Writes letters, and counts them as it goes: the table is counted once, and after what was undone. */
class Shelf {
  readonly #limits: DeadLetterLimits;
  readonly #statements: ReturnType<typeof statementsOf>;
  #tally: Tally | undefined;
  #dropped = 0;

  constructor(database: Database, limits: DeadLetterLimits) {
    this.#limits = limits;
    this.#statements = statementsOf(database);
    database.onUndone(() => {
      this.#tally = undefined;
    });
  }

  counts(): DeadLetterCounts {
    const { parked, replaying } = this.#now();
    return { kept: parked, replaying, dropped: this.#dropped };
  }

  park(letter: PlainLetter): void {
    const { count, bytes } = this.#limits;
    if (letter.bytes > bytes || count === 0) {
      this.#dropped++;
      return;
    }
    const tally = this.#now();
    if (this.#statements.insert(...valuesOf(letter)) === 0) return;
    tally.parked++;
    tally.parkedBytes += letter.bytes;
    while (tally.parked > count || tally.parkedBytes > bytes) {
      if (!this.#dropOldest(Number.MAX_SAFE_INTEGER)) return;
    }
  }

  dropBefore(unixMs: number): number {
    let dropped = 0;
    while (dropped < DROPPED_AT_ONCE && this.#dropOldest(unixMs)) dropped++;
    return dropped;
  }

  remove({ namespace, id, target, subscription }: PlainLetterName): boolean {
    const tally = this.#now();
    const [row] = this.#statements.remove(namespace, id, ...target, subscription);
    if (row === undefined) return false;
    const [bytes, replayType] = row;
    if (replayType === null) {
      tally.parked--;
      tally.parkedBytes -= bytes;
    } else tally.replaying--;
    return true;
  }

  startReplay(
    { namespace, id, target, subscription }: PlainLetterName,
    to: readonly [string, string],
  ): boolean {
    const tally = this.#now();
    const [row] = this.#statements.startReplay(...to, namespace, id, ...target, subscription);
    if (row === undefined) return false;
    tally.parked--;
    tally.parkedBytes -= row[0];
    tally.replaying++;
    return true;
  }

  /** Removes a letter that is on its way. */
  endReplay({ namespace, id, target, subscription }: PlainLetterName): boolean {
    const tally = this.#now();
    const removed = this.#statements.endReplay(namespace, id, ...target, subscription);
    tally.replaying -= removed;
    return removed > 0;
  }

  #dropOldest(before: number): boolean {
    const tally = this.#now();
    const [oldest] = this.#statements.oldest();
    if (oldest === undefined || oldest[1] >= before) return false;
    this.#statements.drop(oldest[0]);
    tally.parked--;
    tally.parkedBytes -= oldest[2];
    this.#dropped++;
    return true;
  }

  #now(): Tally {
    if (this.#tally === undefined) {
      const [parked] = this.#statements.parked();
      const [replaying] = this.#statements.replaying();
      const [count = 0, bytes = 0] = parked ?? [];
      this.#tally = { parked: count, parkedBytes: bytes ?? 0, replaying: replaying?.[0] ?? 0 };
    }
    return this.#tally;
  }
}

function statementsOf(database: Database) {
  return {
    insert: database.command(
      `insert into dead_letter (${LETTER_COLUMNS})
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       on conflict do nothing`,
    ),
    oldest: database.query<[number, number, number]>(
      `select number, parked_unix_ms, bytes from dead_letter indexed by dead_letter_parked
       where replay_type is null order by number limit 1`,
    ),
    drop: database.command("delete from dead_letter where number = ?"),
    remove: database.query<[number, string | null]>(
      `delete from dead_letter where ${NAMED} returning bytes, replay_type`,
    ),
    startReplay: database.query<[number]>(
      `update dead_letter set replay_type = ?, replay_key = ?
       where ${NAMED} and replay_type is null returning bytes`,
    ),
    endReplay: database.command(
      `delete from dead_letter where ${NAMED} and replay_type is not null`,
    ),
    parked: database.query<[number, number | null]>(
      `select count(*), sum(bytes) from dead_letter indexed by dead_letter_parked
       where replay_type is null`,
    ),
    replaying: database.query<[number]>(
      `select count(*) from dead_letter indexed by dead_letter_replayed
       where replay_type is not null`,
    ),
  };
}
