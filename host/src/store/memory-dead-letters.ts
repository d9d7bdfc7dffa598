/**
 * Dead letters in memory.
 *
 * M1. An entry is parked, on its way or gone, and never comes back from either: a letter that is parked again is a new
 *     entry with a larger number. Lists may hold entries that have left them, and skip these.
 * M2. The number and the bytes of the parked entries never exceed the limits.
 * M3. `#parked` and the shelves are ordered by `number`, which only grows; so the first parked entry is the oldest.
 * M4. A page looks at a bounded number of entries: a filter that selects nothing holds up nobody.
 */
import type { DeadLetter, DeadLetterName } from "../model/dead-letter.ts";
import { readCursor, writeCursor } from "./cursor.ts";
import { bytesOf, selects } from "./dead-letter-filter.ts";
import type {
  DeadLetterCounts,
  DeadLetterKey,
  DeadLetterLimits,
  DeadLetterPage,
  DeadLetterQuery,
  DeadLetterStore,
  ReplayOrder,
  ReplayPage,
} from "./dead-letter-store.ts";
import { LetterList } from "./letter-list.ts";

/** Entries that one page looks at. */
const LOOKED_AT_PER_PAGE = 2_000;
/** Letters that are dropped at once because of their age. */
const DROPPED_AT_ONCE = 1_000;

interface Entry {
  /** Place in the order of arrival. */
  readonly number: number;
  readonly bytes: number;
  letter: DeadLetter;
  place: "parked" | "replaying" | "gone";
}

/** The letters of one namespace. */
interface Shelf {
  readonly ordered: LetterList<Entry>;
  /** Entries by the id of their message, oldest first. */
  readonly byId: Map<number, Entry[]>;
}

/** A store that forgets everything when the process ends. */
export class MemoryDeadLetters implements DeadLetterStore {
  readonly #limits: DeadLetterLimits;
  readonly #parked = new LetterList<Entry>(({ place }) => place === "parked");
  readonly #replaying = new Set<Entry>();
  readonly #shelves = new Map<string, Shelf>();
  #parkedBytes = 0;
  #dropped = 0;
  #lastNumber = 0;

  constructor(limits: DeadLetterLimits) {
    this.#limits = limits;
  }

  async counts(): Promise<DeadLetterCounts> {
    return {
      kept: this.#parked.size,
      replaying: this.#replaying.size,
      dropped: this.#dropped,
    };
  }

  async countOf(namespace: string, subscription: string, most: number): Promise<number> {
    let count = 0;
    for (const { letter } of this.#shelves.get(namespace)?.ordered ?? []) {
      if (letter.subscription === subscription) count++;
      if (count >= most) break;
    }
    return count;
  }

  async add(letter: DeadLetter): Promise<void> {
    if (this.#find(letter) === undefined) this.#park(letter);
  }

  async list(query: DeadLetterQuery): Promise<DeadLetterPage> {
    const after = readCursor(query.cursor);
    const through = query.through === undefined ? this.#lastNumber : readCursor(query.through);
    const ordered = this.#shelves.get(query.namespace)?.ordered;
    if (ordered === undefined) return { letters: [], nextCursor: "" };
    return page(ordered, query, { after, through });
  }

  async end(): Promise<string> {
    return writeCursor(this.#lastNumber);
  }

  async get({
    namespace,
    id,
    target,
    subscription,
  }: DeadLetterKey): Promise<DeadLetter | undefined> {
    const sameId = this.#shelves.get(namespace)?.byId.get(id);
    const found = sameId?.find(
      ({ letter }) =>
        (target === undefined || letter.target.equals(target)) &&
        (subscription === undefined || letter.subscription === subscription),
    );
    return found?.letter;
  }

  async remove(letters: readonly DeadLetterName[]): Promise<number> {
    let removed = 0;
    for (const name of letters) {
      const entry = this.#find(name);
      if (entry === undefined) continue;
      this.#forget(entry);
      removed++;
    }
    return removed;
  }

  async dropBefore(unixMs: number): Promise<number> {
    let dropped = 0;
    for (let oldest = this.#parked.first; oldest !== undefined; oldest = this.#parked.first) {
      if (oldest.letter.parkedUnixMs >= unixMs || dropped === DROPPED_AT_ONCE) break;
      this.#drop(oldest);
      dropped++;
    }
    return dropped;
  }

  async startReplays(orders: readonly ReplayOrder[]): Promise<readonly boolean[]> {
    return orders.map(({ letter, to }) => {
      const entry = this.#find(letter);
      if (entry?.place !== "parked") return false;
      this.#move(entry, "replaying");
      entry.letter = { ...entry.letter, replayTarget: to };
      this.#replaying.add(entry);
      return true;
    });
  }

  async replays(cursor: string, limit: number): Promise<ReplayPage> {
    const after = readCursor(cursor);
    const rest = [...this.#replaying].filter(({ number }) => number > after);
    const some = rest.sort((one, other) => one.number - other.number).slice(0, limit);
    const replays = some.map(({ letter, bytes }) => {
      return { letter, to: letter.replayTarget ?? letter.target, bytes };
    });
    const next = some.length < rest.length ? (some.at(-1)?.number ?? 0) : 0;
    return { replays, nextCursor: writeCursor(next) };
  }

  async repark(letter: DeadLetter): Promise<boolean> {
    const entry = this.#find(letter);
    if (entry?.place !== "replaying") return false;
    this.#forget(entry);
    this.#park(letter);
    return true;
  }

  #park(letter: DeadLetter): void {
    const bytes = bytesOf(letter);
    if (bytes > this.#limits.bytes || this.#limits.count === 0) {
      this.#dropped++;
      return;
    }
    const entry: Entry = { number: ++this.#lastNumber, letter, bytes, place: "parked" };
    this.#parked.push(entry);
    this.#parkedBytes += bytes;
    shelve(this.#shelfOf(letter.namespace), entry);
    while (this.#isTooMuch) this.#drop(this.#parked.first);
  }

  get #isTooMuch(): boolean {
    return this.#parked.size > this.#limits.count || this.#parkedBytes > this.#limits.bytes;
  }

  #find({ namespace, id, target, subscription }: DeadLetterName): Entry | undefined {
    const sameId = this.#shelves.get(namespace)?.byId.get(id);
    return sameId?.find(
      ({ letter }) => letter.subscription === subscription && letter.target.equals(target),
    );
  }

  #drop(entry: Entry | undefined): void {
    if (entry === undefined) return;
    this.#forget(entry);
    this.#dropped++;
  }

  #forget(entry: Entry): void {
    this.#move(entry, "gone");
    this.#replaying.delete(entry);
    const { namespace } = entry.letter;
    const shelf = this.#shelfOf(namespace);
    unshelve(shelf, entry);
    if (shelf.ordered.size === 0) this.#shelves.delete(namespace);
  }

  #move(entry: Entry, place: "replaying" | "gone"): void {
    const wasParked = entry.place === "parked";
    entry.place = place;
    if (!wasParked) return;
    this.#parked.left();
    this.#parkedBytes -= entry.bytes;
  }

  #shelfOf(namespace: string): Shelf {
    let shelf = this.#shelves.get(namespace);
    if (shelf === undefined) {
      const ordered = new LetterList<Entry>(({ place }) => place !== "gone");
      shelf = { ordered, byId: new Map() };
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

function unshelve(shelf: Shelf, entry: Entry): void {
  const { id } = entry.letter;
  shelf.ordered.left();
  const others = shelf.byId.get(id)?.filter((other) => other !== entry) ?? [];
  if (others.length === 0) shelf.byId.delete(id);
  else shelf.byId.set(id, others);
}

function page(
  ordered: LetterList<Entry>,
  query: DeadLetterQuery,
  { after, through }: { readonly after: number; readonly through: number },
): DeadLetterPage {
  const letters: DeadLetter[] = [];
  let [looked, last] = [0, after];
  for (const entry of ordered.after(after)) {
    if (entry.number > through) break;
    if (looked === LOOKED_AT_PER_PAGE || letters.length === query.limit)
      return { letters, nextCursor: writeCursor(last) };
    looked++;
    last = entry.number;
    if (selects(query.filter, entry.letter)) letters.push(entry.letter);
  }
  return { letters, nextCursor: "" };
}
