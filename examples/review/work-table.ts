import { aligned } from "./columns.ts";
import type { Tally } from "./messages.ts";
import type { WorkerReport } from "./timesheets.ts";

const HEAD = ["worker", "agents", "files", "messages", "work"];
/** Columns of numbers. */
const NUMBERS = [2, 3, 4];

/** Who did how much: a line per worker and agent type, those who worked longest first within each worker. */
export function workTable(reports: readonly WorkerReport[]): string[] {
  const rows = reports.flatMap(({ worker, tallies }) => {
    if (tallies === undefined) return [[worker, "did not tell"]];
    const sorted = [...tallies].sort((a, b) => b.workMs - a.workMs || b.messages - a.messages);
    return sorted.map((tally, at) => [at === 0 ? worker : "", ...cellsOf(tally)]);
  });
  return aligned([HEAD, ...rows], NUMBERS).map((cells) => cells.join("  ").trimEnd());
}

function cellsOf({ agent, files, messages, workMs }: Tally): string[] {
  return [agent, `${files}`, `${messages}`, `${(workMs / 1000).toFixed(2)} s`];
}
