/**
 * The order of the measurements: round by round, row by row, ours beside its peer, and the other
 * way round in every second round, so that a slow minute of the machine hits both.
 */
import type { Contender, ContenderName } from "./contender.ts";
import type { Row } from "./rows.ts";
import type { Measurement, Pace, Scenario } from "./scenario.ts";

/** The measurements of one side of a row, or why there are none. */
export type Side =
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
  readonly contenders: Readonly<Record<ContenderName, Contender>>;
  readonly rounds: number;
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
      peer: { kind: "measured", values: [] },
    }),
  );
  for (let round = 0; round < plan.rounds; round++) {
    for (const result of results) {
      plan.onRow(round, result.row);
      await measureBoth(course, result, round % 2 === 0);
    }
  }
  return results;
}

async function measureBoth(course: Course, result: RowSides, oursFirst: boolean): Promise<void> {
  const { row } = result;
  const measureOurs = async (): Promise<void> => {
    result.ours = await measureSide(course, result.ours, "ours", row.scenario, row.metric);
  };
  const measurePeer = async (): Promise<void> => {
    result.peer = await measureSide(course, result.peer, row.peer, row.peerScenario, row.metric);
  };
  if (oursFirst) await measureOurs();
  await measurePeer();
  if (!oursFirst) await measureOurs();
}

async function measureSide(
  course: Course,
  side: Side,
  name: ContenderName,
  scenario: Scenario,
  metric: Row["metric"],
): Promise<Side> {
  if (side.kind !== "measured") return side;
  course.signal.throwIfAborted();
  const contender = course.contenders[name];
  const outage = course.outages.get(name) ?? (await start(contender));
  if (outage !== undefined) {
    course.outages.set(name, outage);
    return outage;
  }
  try {
    const measurement = await contender.run(scenario, course.pace);
    return { kind: "measured", values: [...side.values, figureFrom(measurement, metric)] };
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

function figureFrom(measurement: Measurement, metric: Row["metric"]): number {
  if (metric === "latency") return measurement.p50Us;
  return (measurement.delivered / measurement.elapsedMs) * 1_000;
}
