import type { Opinion, Reviewer, Verdict } from "./messages.ts";
import type { Sighting, Watcher } from "./viewer.ts";

/** What one worker has done. */
export interface WorkerTally {
  readonly worker: string;
  readonly reviewer: Reviewer;
  files: number;
  findings: number;
}

/** What a review has come to so far. */
export interface Ledger extends Watcher {
  /** Paths without a verdict, sorted. */
  outstanding(): readonly string[];
  /** Verdicts, sorted by path. */
  verdicts(): readonly Verdict[];
  /** What each worker has done, sorted by name. */
  workers(): readonly WorkerTally[];
  /** How often each message was seen, by name. */
  readonly traffic: ReadonlyMap<string, number>;
  /** Calls `listener` after every entry from now on. */
  onEntry(listener: () => void): void;
}

/** Opens the books for a review of `paths`. */
export function createLedger(paths: readonly string[]): Ledger {
  const open = new Set(paths);
  const verdicts = new Map<string, Verdict>();
  const workers = new Map<string, WorkerTally>();
  const traffic = new Map<string, number>();
  const listeners: (() => void)[] = [];

  function entered(): void {
    for (const listener of listeners) listener();
  }

  function tally({ worker, reviewer }: Opinion): WorkerTally {
    const name = `${worker} ${reviewer}`;
    const known = workers.get(name) ?? { worker, reviewer, files: 0, findings: 0 };
    workers.set(name, known);
    return known;
  }

  return {
    traffic,
    onEntry: (listener) => void listeners.push(listener),
    saw({ message, step }: Sighting) {
      if (step !== "failure") traffic.set(message, (traffic.get(message) ?? 0) + 1);
      entered();
    },
    heard(opinion) {
      const of = tally(opinion);
      of.files++;
      of.findings += opinion.findings.length;
      entered();
    },
    settled(verdict) {
      verdicts.set(verdict.path, verdict);
      open.delete(verdict.path);
      entered();
    },
    outstanding: () => [...open],
    verdicts: () => [...verdicts.values()].sort((a, b) => (a.path < b.path ? -1 : 1)),
    workers: () => [...workers.values()].sort((a, b) => (a.worker < b.worker ? -1 : 1)),
  };
}
