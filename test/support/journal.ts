/** What has been told so far, in order, so that a test can wait for an entry without missing one that came early. */
import { within } from "./waiting.ts";

interface Waiting<Entry> {
  readonly from: number;
  /** Looks at the entries from `from` on; resolves when it has seen what it waits for. */
  look(entries: readonly Entry[]): void;
  reject(reason: Error): void;
}

/** How to wait for an entry. */
export interface WaitOptions {
  /** Entries before this one do not count. Default 0: also those that have come already. */
  readonly from?: number;
  /** Milliseconds of real time to wait. Default: the limit of all tests. */
  readonly limitMs?: number;
}

/** Things in the order in which they were told: notices of a process, lines of a log, changes of a status. */
export class Journal<Entry> {
  readonly #name: string;
  readonly #entries: Entry[] = [];
  readonly #takers: ((entry: Entry) => void)[] = [];
  readonly #waiting = new Set<Waiting<Entry>>();
  #end: string | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  /** All entries so far. */
  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** Where the next entry goes: hand it to `from` to wait for what comes after now. */
  get mark(): number {
    return this.#entries.length;
  }

  /** Hands every entry on that comes from now on. */
  each(take: (entry: Entry) => void): void {
    this.#takers.push(take);
  }

  add(entry: Entry): void {
    this.#entries.push(entry);
    for (const take of this.#takers) take(entry);
    for (const waiting of [...this.#waiting]) waiting.look(this.#entries);
  }

  /** Nothing more comes: who still waits is told why. */
  close(reason: string): void {
    this.#end = reason;
    for (const waiting of [...this.#waiting]) waiting.reject(this.#ended(""));
  }

  /** The first entry that is wanted. @throws when it does not come in time, or cannot come any more. */
  async first<Wanted extends Entry>(
    isWanted: (entry: Entry) => entry is Wanted,
    what: string,
    options?: WaitOptions,
  ): Promise<Wanted>;
  async first(
    isWanted: (entry: Entry) => boolean,
    what: string,
    options?: WaitOptions,
  ): Promise<Entry>;
  async first(
    isWanted: (entry: Entry) => boolean,
    what: string,
    options: WaitOptions = {},
  ): Promise<Entry> {
    const [entry] = await this.several(isWanted, 1, what, options);
    return entry as Entry;
  }

  /** The first `count` entries that are wanted. @throws as {@link first}. */
  several(
    isWanted: (entry: Entry) => boolean,
    count: number,
    what: string,
    { from = 0, limitMs }: WaitOptions = {},
  ): Promise<readonly Entry[]> {
    let found: readonly Entry[] = [];
    let waiting: Waiting<Entry> | undefined;
    const come = new Promise<readonly Entry[]>((resolve, reject) => {
      waiting = {
        from,
        reject,
        look(entries) {
          found = entries.slice(from).filter(isWanted).slice(0, count);
          if (found.length === count) resolve(found);
        },
      };
      waiting.look(this.#entries);
      if (found.length < count && this.#end !== undefined) reject(this.#ended(` before ${what}`));
      else this.#waiting.add(waiting);
    });
    const late = (): string => {
      const last = JSON.stringify(this.#entries.slice(-3));
      return `${this.#name}: ${what}; ${found.length} of ${count} came, last of all ${last}`;
    };
    return within(come, late, limitMs).finally(() => {
      if (waiting !== undefined) this.#waiting.delete(waiting);
    });
  }

  #ended(when: string): Error {
    return new Error(`${this.#name} has ended${when}: ${this.#end}`);
  }
}

/** Keeps a journal of an endless iterable, until it ends. */
export function follow<Entry>(name: string, entries: AsyncIterable<Entry>): Journal<Entry> {
  const journal = new Journal<Entry>(name);
  const read = async (): Promise<void> => {
    for await (const entry of entries) journal.add(entry);
  };
  read().then(
    () => journal.close("it came to its end"),
    (error: unknown) => journal.close(String(error)),
  );
  return journal;
}
