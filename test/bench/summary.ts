/** From measurements to the table: medians, spread, ratio and verdict. */
import type { ContenderName } from "./contender.ts";
import type { Row } from "./rows.ts";
import type { RowSides, Side } from "./schedule.ts";

/** Median, least and greatest value of a side over the rounds. */
export interface Figure {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** How a row came out. */
export type Verdict = "aim reached" | "ok" | "MISSED must" | "not compared";

/** One row with its figures; null where a side was not measured. */
export interface RowSummary {
  readonly row: Row;
  readonly ours: Figure | null;
  readonly peer: Figure | null;
  readonly ratio: number | null;
  readonly verdict: Verdict;
  /** Why a side was not measured, once per contender. */
  readonly notices: readonly string[];
  /** Whether a side failed, as opposed to being not installed. */
  readonly failed: boolean;
}

const TITLES: Readonly<Record<ContenderName, string>> = {
  ours: "AgentMesh",
  nats: "NATS",
  relay: "Relay",
};

/** Summarizes one row. */
export function summarize({ row, ours, peer }: RowSides): RowSummary {
  const oursFigure = figureOf(ours);
  const peerFigure = figureOf(peer);
  const ratio =
    oursFigure === null || peerFigure === null ? null : oursFigure.median / peerFigure.median;
  return {
    row,
    ours: oursFigure,
    peer: peerFigure,
    ratio,
    verdict: judge(row, ratio),
    notices: [...new Set([...noticesOf("ours", ours), ...noticesOf(row.peer, peer)])],
    failed: ours.kind === "failed" || peer.kind === "failed",
  };
}

/** Compares a ratio with what is demanded of the row: a latency at most, a rate at least. */
export function judge(row: Pick<Row, "metric" | "must" | "aim">, ratio: number | null): Verdict {
  if (ratio === null) return "not compared";
  const reaches = (limit: number): boolean =>
    row.metric === "latency" ? ratio <= limit : ratio >= limit;
  if (reaches(row.aim)) return "aim reached";
  return reaches(row.must) ? "ok" : "MISSED must";
}

/** The middle of the values; between two of them their mean. @throws RangeError without values. */
export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (upper === undefined || lower === undefined) throw new RangeError("no values");
  return (lower + upper) / 2;
}

function figureOf(side: Side): Figure | null {
  if (side.kind !== "measured") return null;
  const { values } = side;
  return { median: medianOf(values), min: Math.min(...values), max: Math.max(...values) };
}

function noticesOf(name: ContenderName, side: Side): string[] {
  if (side.kind === "measured") return [];
  return [`${TITLES[name]} ${side.kind === "absent" ? "skipped" : "FAILED"}: ${side.reason}`];
}
