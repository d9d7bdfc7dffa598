import { MeshError } from "@agentmesh/worker-sdk";
import { timekeeperOf } from "./agents/timekeeper.ts";
import { ReadTimesheet, type Tally } from "./messages.ts";
import type { ReviewMesh } from "./review.ts";

/** Milliseconds for a timesheet: a table is not worth waiting for a worker that has just been lost. */
const LIMIT_MS = 2_000;

/** What one worker has done; undefined when it did not tell. */
export interface WorkerReport {
  readonly worker: string;
  readonly tallies: readonly Tally[] | undefined;
}

/** Asks every worker what it has done. */
export function readTimesheets({ messenger, workers }: ReviewMesh): Promise<WorkerReport[]> {
  return Promise.all(
    workers().map(async (worker) => {
      try {
        const target = timekeeperOf(worker);
        const { tallies } = await messenger.send(target, ReadTimesheet({}), {
          timeoutMs: LIMIT_MS,
        });
        return { worker, tallies };
      } catch (error) {
        if (!(error instanceof MeshError)) throw error;
        return { worker, tallies: undefined };
      }
    }),
  );
}
