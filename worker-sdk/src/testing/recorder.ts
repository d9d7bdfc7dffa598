/**
 * Notes everything that happens between runtimes and their mesh, in the order in which it happens there.
 *
 * R1. `next` gives every entry once; an entry that came before it was asked for is not missed.
 */
import { describeFilter, Entry, type EntryFilter, type EntryInit, isMeant } from "./entry.ts";
import { LIMIT_MS, within } from "./real-limit.ts";

interface Waiting {
  readonly filter: EntryFilter;
  readonly resolve: (entry: Entry) => void;
}

/** How to wait for an entry. */
export interface NextOptions {
  /** Milliseconds of real time to wait at most. Default: 5 000. */
  readonly limitMs?: number;
}

/** Entries that a failed wait shows. */
const SHOWN = 10;

/** What happened to messages: who sent what to whom, when, and how it ended. */
export class Recorder {
  readonly #entries: Entry[] = [];
  /** Those that `next` has not given. */
  readonly #open = new Set<Entry>();
  readonly #waiting = new Set<Waiting>();
  readonly #hint: string;

  /** `hint` is added to the text of errors. */
  constructor(hint = "") {
    this.#hint = hint;
  }

  /** Everything, oldest first. */
  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** Entries that are meant, oldest first. */
  all(filter: EntryFilter = {}): Entry[] {
    return this.#entries.filter((entry) => isMeant(entry, filter));
  }

  /** How many entries are meant. */
  count(filter: EntryFilter = {}): number {
    return this.all(filter).length;
  }

  /**
   * The first entry that is meant and was not given before; waits for it when it has not come yet.
   * @throws Error when it does not come within `limitMs`; the text shows what came last.
   */
  next(filter: EntryFilter = {}, { limitMs = LIMIT_MS }: NextOptions = {}): Promise<Entry> {
    for (const entry of this.#open) {
      if (!isMeant(entry, filter)) continue;
      this.#open.delete(entry);
      return Promise.resolve(entry);
    }
    let waiting: Waiting | undefined;
    const come = new Promise<Entry>((resolve) => {
      waiting = { filter, resolve };
      this.#waiting.add(waiting);
    });
    return within(come, limitMs, () => this.#missing(filter)).finally(() => {
      if (waiting !== undefined) this.#waiting.delete(waiting);
    });
  }

  /** Notes something. */
  note(init: EntryInit): void {
    const entry = new Entry(init);
    this.#entries.push(entry);
    for (const waiting of this.#waiting) {
      if (!isMeant(entry, waiting.filter)) continue;
      this.#waiting.delete(waiting);
      waiting.resolve(entry);
      return;
    }
    this.#open.add(entry);
  }

  #missing(filter: EntryFilter): string {
    const last = this.#entries.slice(-SHOWN).map((entry) => `\n  ${entry}`);
    const shown =
      last.length === 0 ? "; nothing was recorded" : `; the last entries:${last.join("")}`;
    return `an entry with ${describeFilter(filter)}${shown}${this.#hint}`;
  }
}
