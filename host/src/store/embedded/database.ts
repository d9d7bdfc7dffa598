/**
 * The one connection to the one file of a store.
 *
 * B1. Who opens the file holds the lock of its folder: a second connection, of this process or another, is refused
 *     before it could do anything. SQLite before 3.51.3 may damage a file that two connections write at one instant.
 * B2. A commit has returned only when its record is on the disk, synced (`synchronous = FULL` in WAL mode).
 * B3. Nothing is written before the file has been found to be of a format that this version knows and, up to a size, to
 *     be sound. Looking at all of a large file would hold up its host for minutes, after each crash, and find what reading
 *     finds as well: SQLite notices a page that makes no sense, and rows have sums of their own.
 */
import { copyFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import Sqlite from "libsql";
import { fromColumn, toColumn } from "./column-text.ts";
import { FILE_NAME, sizeOf, sync, walOf } from "./files.ts";
import { FolderLock } from "./folder-lock.ts";
import { APPLICATION_ID, FORMAT, SCHEMA } from "./schema.ts";
import { damaged, problemOf, StoreProblem } from "./store-problem.ts";
import { checkWal } from "./wal-check.ts";

/** Pages of the write-ahead log after which it is written back, 4 KiB each. */
const CHECKPOINT_PAGES = 4_000;

/** A value of a column. */
export type Value = string | number | Uint8Array | null;

function bound(value: Value): Value {
  return typeof value === "string" ? toColumn(value) : value;
}

function unbind(row: Value[]): void {
  for (const [index, value] of row.entries())
    if (typeof value === "string") row[index] = fromColumn(value);
}

/** A statement that answers rows. */
export type Query<Row extends readonly Value[]> = (...values: readonly Value[]) => Row[];

/** A statement that changes rows. @returns how many. */
export type Command = (...values: readonly Value[]) => number;

export class Database {
  readonly file: string;
  readonly #lock: FolderLock;
  readonly #sqlite: Sqlite.Database;
  readonly #begin: Sqlite.Statement;
  readonly #commit: Sqlite.Statement;
  readonly #beforeCommit: (() => void)[] = [];
  readonly #onUndone: (() => void)[] = [];
  readonly #pages: Query<[number, number, number]>;

  private constructor(file: string, lock: FolderLock, sqlite: Sqlite.Database) {
    this.file = file;
    this.#lock = lock;
    this.#sqlite = sqlite;
    this.#pages = this.query(
      `select page_count, freelist_count, page_size
       from pragma_page_count, pragma_freelist_count, pragma_page_size`,
    );
    this.#begin = sqlite.prepare("begin immediate");
    this.#commit = sqlite.prepare("commit");
  }

  /**
   * Opens the file of a folder, which must exist, and makes it when there is none. A file of up to `checkedBytes` is
   * looked at as a whole before. @throws StoreProblem.
   */
  static open(folder: string, checkedBytes: number): Database {
    const file = path.join(folder, FILE_NAME);
    const lock = FolderLock.take(folder);
    try {
      if (!isThere(file)) create(folder, file);
      return new Database(file, lock, openChecked(file, checkedBytes));
    } catch (error) {
      lock.release();
      throw problemOf(error, file);
    }
  }

  /** Prepares a statement that answers rows, each as the values of its columns. */
  query<Row extends readonly Value[]>(text: string): Query<Row> {
    const statement = this.#sqlite.prepare(text).raw();
    return (...values) => {
      const rows = statement.all(...values.map(bound));
      for (const row of rows as Value[][]) unbind(row);
      return rows as Row[];
    };
  }

  /** Prepares a statement that changes rows. */
  command(text: string): Command {
    const statement = this.#sqlite.prepare(text);
    return (...values) => statement.run(...values.map(bound)).changes;
  }

  /** Carries out a statement without values. */
  execute(text: string): void {
    this.#sqlite.exec(text);
  }

  /** Bytes of pages that hold something, those of a transaction that is open too. */
  usedBytes(): number {
    const [row] = this.#pages();
    return row === undefined ? 0 : (row[0] - row[1]) * row[2];
  }

  /** Begins a transaction. */
  begin(): void {
    this.#begin.run();
  }

  /** Writes what was put off until now, and commits. */
  commit(): void {
    for (const write of this.#beforeCommit) write();
    this.#commit.run();
  }

  /** Calls `write` before each commit: what would be written again and again in one transaction is put off until then. */
  beforeCommit(write: () => void): void {
    this.#beforeCommit.push(write);
  }

  /** Undoes what was not committed. */
  rollBack(): void {
    if (this.#sqlite.inTransaction) this.#sqlite.exec("rollback");
    for (const forget of this.#onUndone) forget();
  }

  /** Calls `forget` when what was not committed was undone: what is remembered of the tables may be wrong then. */
  onUndone(forget: () => void): void {
    this.#onUndone.push(forget);
  }

  /** From now on only the log changes, so that the file can be copied meanwhile. */
  hold(): void {
    this.#sqlite.exec("pragma wal_checkpoint(truncate)");
    this.#sqlite.exec("pragma wal_autocheckpoint = 0");
  }

  /** Copies the log as well, which together with the copy of the file is everything, and lets the file change again. */
  release(to: string | undefined): void {
    this.#sqlite.exec(`pragma wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    if (to === undefined) return;
    copyFileSync(walOf(this.file), to);
    sync(to);
  }

  close(): void {
    this.#sqlite.close();
    this.#lock.release();
  }
}

/** Whether there is a file to open. @throws StoreProblem when there is only a part of one. */
function isThere(file: string): boolean {
  const bytes = sizeOf(file);
  if (bytes === 0) throw damaged(file, "it is empty");
  if (bytes === undefined && (sizeOf(walOf(file)) ?? 0) > 0) {
    throw damaged(file, "it is missing, and its log is there");
  }
  return bytes !== undefined;
}

/** Makes the file under another name, so that there is never a part of one under its own. */
function create(folder: string, file: string): void {
  const fresh = `${file}.new`;
  for (const leftover of [fresh, walOf(fresh), `${fresh}-shm`]) rmSync(leftover, { force: true });
  const sqlite = new Sqlite(fresh);
  try {
    sqlite.exec("pragma journal_mode = wal");
    sqlite.exec(SCHEMA);
  } finally {
    sqlite.close();
  }
  sync(fresh);
  renameSync(fresh, file);
  sync(folder);
}

function openChecked(file: string, checkedBytes: number): Sqlite.Database {
  // Before SQLite looks at it: it would drop what it takes for unfinished.
  checkWal(walOf(file));
  const sqlite = new Sqlite(file, { timeout: 0 });
  try {
    sqlite.exec("pragma locking_mode = exclusive");
    checkFormat(sqlite, file);
    if ((sizeOf(file) ?? 0) <= checkedBytes) checkPages(sqlite, file);
    sqlite.exec("pragma synchronous = full");
    sqlite.exec(`pragma wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    return sqlite;
  } catch (error) {
    sqlite.close();
    throw error;
  }
}

function checkFormat(sqlite: Sqlite.Database, file: string): void {
  const application = pragma(sqlite, "application_id");
  const format = pragma(sqlite, "user_version");
  if (application !== APPLICATION_ID) {
    throw new StoreProblem("unknown-format", `${file} is no store of AgentMesh`);
  }
  if (format === FORMAT) return;
  const text = `${file} has format ${format} and this version knows ${FORMAT}: use the version that wrote it`;
  throw new StoreProblem("unknown-format", text);
}

function checkPages(sqlite: Sqlite.Database, file: string): void {
  const finding = pragma(sqlite, "quick_check(1)");
  if (finding !== "ok") throw damaged(file, String(finding));
}

function pragma(sqlite: Sqlite.Database, name: string): unknown {
  const [row] = sqlite.prepare(`pragma ${name}`).raw().all();
  return Array.isArray(row) ? row[0] : undefined;
}
