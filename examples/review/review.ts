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
const QUIET_LIMIT_MS = 30_000;

/** The file that a reviewer is made to break on. */
export function breakingFile({ paths }: Listing): string | undefined {
  return paths[Math.floor(paths.length / 2)];
}

/**
 * Reviews the files of `listing` on `mesh` and returns when all verdicts are in the ledger. `signal` ends the wait.
 * @throws Complaint when they do not come; MeshError when the coordinator fails.
 */
export async function review(
  mesh: ReviewMesh,
  listing: Listing,
  ledger: Ledger,
  signal: AbortSignal,
): Promise<void> {
  const start = StartReview({ folder: listing.folder, paths: [...listing.paths] });
  await mesh.messenger.send(COORDINATOR, start, { timeoutMs: START_LIMIT_MS, signal });
  await untilSettled(mesh.messenger, ledger, signal);
}

/** Waits for the verdicts. When all is quiet for too long, the judges are told once to settle with what they have. */
function untilSettled(messenger: Messenger, ledger: Ledger, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let isLastChance = false;
    const timer = setTimeout(() => {
      const open = ledger.outstanding();
      if (isLastChance) return reject(noVerdicts(open));
      isLastChance = true;
      timer.refresh();
      settleAll(messenger, open).catch(reject);
    }, QUIET_LIMIT_MS);
    const look = (): void => {
      timer.refresh();
      if (ledger.outstanding().length > 0) return;
      clearTimeout(timer);
      resolve();
    };
    signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
    ledger.onEntry(look);
    look();
  });
}

async function settleAll(messenger: Messenger, paths: readonly string[]): Promise<void> {
  await Promise.all(
    paths.map((path) => messenger.send(agentId("judge", path), SettleCase({ path }))),
  );
}

function noVerdicts(paths: readonly string[]): Complaint {
  const waited = `nothing happened for ${QUIET_LIMIT_MS / 1000} s, twice`;
  return new Complaint(`${waited}; ${paths.length} verdicts are missing, first on ${paths[0]}`);
}
