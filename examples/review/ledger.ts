import type { Verdict } from "./messages.ts";
import type { Sighting, Watcher } from "./viewer.ts";

/** What a review has come to so far. */
export interface Ledger extends Watcher {
  /** Files are handed out: from now on they are open. */
  handedOut(paths: readonly string[]): void;
  /** Files that are handed out and have no verdict yet. */
  readonly open: ReadonlySet<string>;
  /** Number of verdicts. */
  readonly settledCount: number;
  /** Verdicts, sorted by path. */
  verdicts(): readonly Verdict[];
  /** How often each message was seen, by name. */
  readonly traffic: ReadonlyMap<string, number>;
  /** Resolves when at most `most` files are open. */
  untilOpen(most: number): Promise<void>;
  /** Calls `listener` after every entry, until the returned function is called. */
  onEntry(listener: () => void): () => void;
}

/** Opens the books of a review. */
export function createLedger(): Ledger {
  const open = new Set<string>();
  const verdicts = new Map<string, Verdict>();
  const traffic = new Map<string, number>();
  const listeners = new Set<() => void>();

  function entered(): void {
    for (const listener of listeners) listener();
  }

  function onEntry(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  return {
    open,
    traffic,
    get settledCount() {
      return verdicts.size;
    },
    handedOut(paths) {
      for (const path of paths) open.add(path);
    },
    saw({ message, step }: Sighting) {
      if (step !== "failure") traffic.set(message, (traffic.get(message) ?? 0) + 1);
      entered();
    },
    settled(verdict) {
      verdicts.set(verdict.path, verdict);
      open.delete(verdict.path);
      entered();
    },
    verdicts: () => [...verdicts.values()].sort((a, b) => (a.path < b.path ? -1 : 1)),
    onEntry,
    untilOpen(most) {
      return new Promise((resolve) => {
        const forget = onEntry(look);
        function look(): void {
          if (open.size > most) return;
          forget();
          resolve();
        }
        look();
      });
    },
  };
}
