import type { Messenger } from "@agentmesh/worker-sdk";
import type { DeadLetterLine } from "./dead-letters.ts";
import type { Listing } from "./files.ts";
import type { Ledger } from "./ledger.ts";
import { COORDINATOR, HandOutFiles, IndexFiles } from "./messages.ts";
import { withoutStandstill } from "./standstill.ts";

/** A mesh on which the agents of the review are at work: several processes, or this one alone. */
export interface ReviewMesh {
  readonly messenger: Messenger;
  /** Where everything runs, one line each. */
  readonly setting: readonly string[];
  /** Names of the workers that are there, also of this one when it is the only one. */
  workers(): readonly string[];
  /** Messages that could not be handled. */
  deadLetters(): Promise<readonly DeadLetterLine[]>;
  /** Rejects when something has ended without which the review cannot go on. Never resolves. */
  readonly broken: Promise<never>;
  /** Ends everything that belongs to it. */
  stop(): Promise<void>;
}

/** Files that the coordinator is given at once. */
const PORTION = 32;
/**
 * Files that may be on their way. More would only wait: as texts in the memory of the host, and of workers that cannot
 * look at them all at the same time.
 */
const OPEN_FILES = 256;
/** Milliseconds for a portion. A lost worker is noticed by the mesh; this limit only ends what should never happen. */
const PORTION_LIMIT_MS = 60_000;

/** The file that a reviewer is made to break on. */
export function breakingFile({ paths }: Listing): string | undefined {
  return paths[Math.floor(paths.length / 2)];
}

/** How a review is followed. */
export interface Following {
  /** Ends the wait for verdicts. */
  readonly signal: AbortSignal;
  /** Is told how many files are in the index of blocks. */
  readonly onIndexed?: (files: number) => void;
}

/**
 * Reviews the files of a folder and returns when all verdicts are in the ledger.
 * @throws Complaint when they do not come; MeshError when the coordinator fails.
 */
export function review(
  messenger: Messenger,
  { folder, paths }: Listing,
  ledger: Ledger,
  { signal, onIndexed }: Following,
): Promise<void> {
  const options = { timeoutMs: PORTION_LIMIT_MS, signal };
  return withoutStandstill(messenger, ledger, async () => {
    for (const { portion, last } of portions(paths)) {
      await messenger.send(COORDINATOR, IndexFiles({ folder, paths: portion }), options);
      onIndexed?.(last);
    }
    for (const { portion } of portions(paths)) {
      await ledger.untilOpen(OPEN_FILES - portion.length);
      ledger.handedOut(portion);
      await messenger.send(COORDINATOR, HandOutFiles({ folder, paths: portion }), options);
    }
    await ledger.untilOpen(0);
  });
}

/** The paths in portions, each with the number of paths up to its last one. */
function* portions(paths: readonly string[]): Generator<{ portion: string[]; last: number }> {
  for (let at = 0; at < paths.length; at += PORTION) {
    const portion = paths.slice(at, at + PORTION);
    yield { portion, last: at + portion.length };
  }
}
