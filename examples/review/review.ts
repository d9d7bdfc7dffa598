import { agentId, type Messenger } from "@agentmesh/worker-sdk";
import { Complaint } from "./complaint.ts";
import type { DeadLetterLine } from "./dead-letters.ts";
import type { Listing } from "./files.ts";
import type { Ledger } from "./ledger.ts";
import { COORDINATOR, SettleCase, StartReview } from "./messages.ts";

/** A mesh on which the agents of the review are at work: several processes, or this one alone. */
export interface ReviewMesh {
  readonly messenger: Messenger;
  /** Messages that could not be handled. */
  deadLetters(): Promise<readonly DeadLetterLine[]>;
  /** Rejects when something has ended without which the review cannot go on. Never resolves. */
  readonly broken: Promise<never>;
  /** Ends everything that belongs to it. */
  stop(): Promise<void>;
}

/** Milliseconds until the coordinator has handed out all files; 5 000 of them take a few seconds. */
const START_LIMIT_MS = 120_000;
/** Milliseconds without any sign of life after which the judges settle with what they have, and then we give up. */
export const QUIET_LIMIT_MS = 30_000;

/** The file that a reviewer is made to break on. */
export function breakingFile({ paths }: Listing): string | undefined {
  return paths[Math.floor(paths.length / 2)];
}

/** Tells that something was written into the ledger. */
export interface Pulse {
  /** Calls `onBeat` from now on. */
  listen(onBeat: () => void): void;
}

/**
 * Reviews the files of `listing` on `mesh` and returns when all verdicts are in the ledger.
 * @throws Complaint when they do not come; MeshError when the coordinator fails.
 */
export async function review(
  mesh: ReviewMesh,
  listing: Listing,
  ledger: Ledger,
  pulse: Pulse,
): Promise<void> {
  const start = StartReview({ folder: listing.folder, paths: [...listing.paths] });
  await mesh.messenger.send(COORDINATOR, start, { timeoutMs: START_LIMIT_MS });
  const silence = new Silence(pulse);
  try {
    await untilSettled(mesh, ledger, silence);
  } finally {
    silence.end();
  }
}
