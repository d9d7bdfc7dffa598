/**
 * Dead letters in memory.
 *
 * M1. `#entries` is authoritative and ordered by `number`, which only grows; `#shelves` are indexes of it, one per
 *     namespace that has letters.
 * M2. `#entries.length` and `#bytes` never exceed the limits.
 * M3. The oldest entry of all is also the oldest of its shelf, so dropping takes the first of both.
 * M4. A page looks at a bounded number of entries: a filter that selects nothing holds up nobody.
 */
import Denque from "denque";
import type { DeadLetter } from "../model/dead-letter.ts";
import { readCursor, writeCursor } from "./cursor.ts";
import { bytesOf, selects } from "./dead-letter-filter.ts";
import type {
  DeadLetterCounts,
  DeadLetterKey,
  DeadLetterLimits,
  DeadLetterPage,
  DeadLetterQuery,
  DeadLetterStore,
} from "./ports.ts";

/** Entries that one page looks at. */
const LOOKED_AT_PER_PAGE = 2_000;

interface Entry {
  /** Place in the order of arrival. */
  readonly number: number;
  readonly letter: DeadLetter;
  readonly bytes: number;
}

/** The letters of one namespace. */
interface Shelf {
  readonly ordered: Denque<Entry>;
  /** Entries by the id of their message, oldest first. */
  readonly byId: Map<number, Entry[]>;
}

/** A store that forgets everything when the process ends. */
export class MemoryDeadLetters implements DeadLetterStore {
  readonly #limits: DeadLetterLimits;
  readonly #entries = new Denque<Entry>();
  readonly #shelves = new Map<string, Shelf>();
  #bytes = 0;
  #dropped = 0;
  #lastNumber = 0;

  constructor(limits: DeadLetterLimits) {
    this.#limits = limits;
  }

  async counts(): Promise<DeadLetterCounts> {
    return { kept: this.#entries.length, dropped: this.#dropped };
  }

  async add(letter: DeadLetter): Promise<void> {
    if (this.#holds(letter)) return;
    const bytes = bytesOf(letter);
    if (bytes > this.#limits.bytes || this.#limits.count === 0) {
      this.#dropped++;
      return;
    }
    while (this.#isFullFor(bytes)) this.#dropOldest();
    this.#keep({ number: ++this.#lastNumber, letter, bytes });
  }

  async list(query: DeadLetterQuery): Promise<DeadLetterPage> {
    const after = readCursor(query.cursor);
    const ordered = this.#shelves.get(query.namespace)?.ordered;
    return ordered === undefined ? { letters: [], nextCursor: "" } : page(ordered, query, after);
  }

  async get(key: DeadLetterKey): Promise<DeadLetter | undefined> {
    const { target } = key;
    const sameId = this.#shelves.get(key.namespace)?.byId.get(key.id);
    const found = sameId?.find(
      ({ letter }) => target === undefined || letter.target.equals(target),
    );
    return found?.letter;
  }

  async remove(letters: readonly DeadLetter[]): Promise<number> {
    const unwanted = new Set(letters);
    const before = this.#entries.length;
    const kept = this.#entries.toArray().filter(({ letter }) => !unwanted.has(letter));
    this.#entries.clear();
    this.#shelves.clear();
    this.#bytes = 0;
    for (const entry of kept) this.#keep(entry);
    return before - kept.length;
  }

  #keep(entry: Entry): void {
    this.#entries.push(entry);
    this.#bytes += entry.bytes;
    shelve(this.#shelfOf(entry.letter.namespace), entry);
  }

  #holds({ namespace, id, target, subscription }: DeadLetter): boolean {
    const sameId = this.#shelves.get(namespace)?.byId.get(id) ?? [];
    return sameId.some(
      ({ letter }) => letter.subscription === subscription && letter.target.equals(target),
    );
  }

  #isFullFor(bytes: number): boolean {
    return this.#entries.length >= this.#limits.count || this.#bytes + bytes > this.#limits.bytes;
  }

  #dropOldest(): void {
    const oldest = this.#entries.shift();
    if (oldest === undefined) return;
    this.#bytes -= oldest.bytes;
    this.#dropped++;
    const { namespace } = oldest.letter;
    const shelf = this.#shelfOf(namespace);
    unshelveFirst(shelf, oldest);
    if (shelf.ordered.length === 0) this.#shelves.delete(namespace);
  }

  #shelfOf(namespace: string): Shelf {
    let shelf = this.#shelves.get(namespace);
    if (shelf === undefined) {
      shelf = { ordered: new Denque<Entry>(), byId: new Map() };
      this.#shelves.set(namespace, shelf);
    }
    return shelf;
  }
}

function shelve(shelf: Shelf, entry: Entry): void {
  const { id } = entry.letter;
  shelf.ordered.push(entry);
  const sameId = shelf.byId.get(id);
  if (sameId === undefined) shelf.byId.set(id, [entry]);
  else sameId.push(entry);
}

function unshelveFirst(shelf: Shelf, first: Entry): void {
  const { id } = first.letter;
  shelf.ordered.shift();
  const sameId = shelf.byId.get(id);
  sameId?.shift();
  if (sameId?.length === 0) shelf.byId.delete(id);
}

function page(ordered: Denque<Entry>, query: DeadLetterQuery, after: number): DeadLetterPage {
  const letters: DeadLetter[] = [];
  const start = firstAfter(ordered, after);
  const stop = Math.min(ordered.length, start + LOOKED_AT_PER_PAGE);
  let last = after;
  for (let index = start; index < stop && letters.length < query.limit; index++) {
    const entry = ordered.peekAt(index);
    if (entry === undefined) break;
    last = entry.number;
    if (selects(query.filter, entry.letter)) letters.push(entry.letter);
  }
  const isLast = last >= (ordered.peekBack()?.number ?? 0);
  return { letters, nextCursor: writeCursor(isLast ? 0 : last) };
}

/** Index of the first entry with a number above `after`, by bisection. */
function firstAfter(ordered: Denque<Entry>, after: number): number {
  let low = 0;
  let high = ordered.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ordered.peekAt(middle)?.number ?? 0) > after) high = middle;
    else low = middle + 1;
  }
  return low;
}
