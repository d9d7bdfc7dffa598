/**
 * The order of the measurements: round by round, row by row, ours beside its peer, and the other
 * way round in every second round, so that a slow minute of the machine hits both.
 */
import type { Contender, ContenderName } from "./contender.ts";
import { METRICS } from "./metric.ts";
import type { Entry, Row } from "./rows.ts";
import type { Pace } from "./scenario.ts";

/** The measurements of one side of a row, or why there are none. */
export type Side =
  /** Nothing is on this side. */
  | { readonly kind: "none" }
  | { readonly kind: "measured"; readonly values: number[] }
  | { readonly kind: "absent"; readonly reason: string }
  | { readonly kind: "failed"; readonly reason: string };

/** Both sides of a row. */
export interface RowSides {
  readonly row: Row;
  ours: Side;
  peer: Side;
}

/** All that a run of the bench needs. */
export interface Plan {
  readonly rows: readonly Row[];
  readonly contenderOf: (name: ContenderName) => Contender;
  readonly rounds: number;
  /** In how many of them a row is measured. */
  readonly roundsOf: (row: Row) => number;
  readonly pace: Pace;
  /** Ends the run before its next measurement. */
  readonly signal: AbortSignal;
  /** Told before each row. */
  readonly onRow: (round: number, row: Row) => void;
}

/** A plan under way. */
interface Course extends Plan {
  /** Contenders that cannot be started, with the reason: they are not tried again. */
  readonly outages: Map<ContenderName, Side>;
}

/**
 * Measures all rows. A contender that fails costs its row, not the bench.
 * @throws the reason of `plan.signal` when it is aborted.
 */
export async function measureRows(plan: Plan): Promise<RowSides[]> {
  const course = { ...plan, outages: new Map<ContenderName, Side>() };
  const results = plan.rows.map(
    (row): RowSides => ({
      row,
      ours: { kind: "measured", values: [] },
      peer: row.peer === undefined ? { kind: "none" } : { kind: "measured", values: [] },
    }),
  );
  for (let round = 0; round < plan.rounds; round++) {
    for (const result of results) {
      if (round >= plan.roundsOf(result.row)) continue;
      plan.onRow(round, result.row);
      await measureBoth(course, result, round % 2 === 0);
    }
  }
  return results;
}

async function measureBoth(course: Course, result: RowSides, oursFirst: boolean): Promise<void> {
  const { row } = result;
  const measureOurs = async (): Promise<void> => {
    result.ours = await measureSide(course, result.ours, row.ours, row);
  };
  if (oursFirst) await measureOurs();
  if (row.peer !== undefined) result.peer = await measureSide(course, result.peer, row.peer, row);
  if (!oursFirst) await measureOurs();
}

async function measureSide(course: Course, side: Side, entry: Entry, row: Row): Promise<Side> {
  if (side.kind !== "measured") return side;
  course.signal.throwIfAborted();
  const contender = course.contenderOf(entry.contender);
  const outage = course.outages.get(entry.contender) ?? (await start(contender));
  if (outage !== undefined) {
    course.outages.set(entry.contender, outage);
    return outage;
  }
  try {
    const measurement = await contender.run(entry.scenario, course.pace);
    const figure = METRICS[row.metric].figureOf(measurement);
    if (!contender.isResident) await contender.stop();
    return { kind: "measured", values: [...side.values, figure] };
  } catch (error) {
    // Its processes may still be under the load that failed: the next row starts them anew.
    await contender.stop();
    return failure(error);
  }
}

async function start(contender: Contender): Promise<Side | undefined> {
  try {
    const start = await contender.start();
    return start.kind === "absent" ? start : undefined;
  } catch (error) {
    await contender.stop();
    return failure(error);
  }
}

function failure(error: unknown): Side {
  return { kind: "failed", reason: error instanceof Error ? error.message : String(error) };
}
