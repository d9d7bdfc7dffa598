import { agentId, type Messenger } from "@agentmesh/worker-sdk";
import { Complaint } from "./complaint.ts";
import type { Ledger } from "./ledger.ts";
import { SettleCase } from "./messages.ts";

/** Milliseconds without any sign of life after which the judges settle with what they have, and then we give up. */
const QUIET_LIMIT_MS = 30_000;

/**
 * Does `work`, and sees to it that it goes on: when all is quiet for too long, the judges of the open files are told
 * once to settle with what they have.
 * @throws Complaint when all stays quiet; MeshError when a judge cannot be reached; whatever `work` throws.
 */
export async function withoutStandstill(
  messenger: Messenger,
  ledger: Ledger,
  work: () => Promise<void>,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const standstill = new Promise<never>((_, reject) => {
    let isLastChance = false;
    timer = setTimeout(() => {
      const open = [...ledger.open];
      if (isLastChance) return reject(noVerdicts(open));
      isLastChance = true;
      timer?.refresh();
      settleAll(messenger, open).catch(reject);
    }, QUIET_LIMIT_MS);
  });
  const forget = ledger.onEntry(() => timer?.refresh());
  try {
    await Promise.race([standstill, work()]);
  } finally {
    clearTimeout(timer);
    forget();
  }
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
