/** From measurements to the table: medians, spread, ratio and verdict. */
import type { ContenderName } from "./contender.ts";
import { METRICS } from "./metric.ts";
import type { Row } from "./rows.ts";
import type { RowSides, Side } from "./schedule.ts";

/** Median, least and greatest value of a side over the rounds. */
export interface Figure {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** How a row came out. */
export type Verdict = "aim reached" | "ok" | "MISSED must" | "told" | "not compared";

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
  "ours-metered": "AgentMesh, metered",
  "ours-link": "AgentMesh over a slow link",
  "ours-subscriptions": "AgentMesh with many subscriptions",
  "ours-sessions": "AgentMesh with many sessions",
  "ours-spread": "AgentMesh, spread",
  "ours-keys": "AgentMesh with many agents",
  "ours-autogen": "AutoGen on AgentMesh",
  "ours-durable": "AgentMesh with a data folder",
  local: "Local runtime",
  nats: "NATS",
  "nats-spread": "NATS, spread",
  autogen: "AutoGen",
  jetstream: "NATS JetStream",
  relay: "Relay",
  "grpc-link": "grpc-js over a slow link",
  queue: "Queue of async calls",
};

/** Summarizes one row. */
export function summarize({ row, ours, peer }: RowSides): RowSummary {
  const oursFigure = figureOf(ours);
  const peerFigure = figureOf(peer);
  const ratio =
    oursFigure === null || peerFigure === null ? null : oursFigure.median / peerFigure.median;
  const peerNotices = row.peer === undefined ? [] : noticesOf(row.peer.contender, peer);
  return {
    row,
    ours: oursFigure,
    peer: peerFigure,
    ratio,
    verdict: judge(row, oursFigure?.median ?? null, ratio),
    notices: [...new Set([...noticesOf(row.ours.contender, ours), ...peerNotices])],
    failed: ours.kind === "failed" || peer.kind === "failed",
  };
}

/** Compares what was found with what is demanded of the row. */
export function judge(
  { metric, demand }: Pick<Row, "metric" | "demand">,
  figure: number | null,
  ratio: number | null,
): Verdict {
  if (demand === undefined) return figure === null ? "not compared" : "told";
  const found = demand.of === "ratio" ? ratio : figure;
  if (found === null) return "not compared";
  const isHigher = METRICS[metric].better === "higher";
  const reaches = (limit: number): boolean => (isHigher ? found >= limit : found <= limit);
  if (demand.aim !== undefined && reaches(demand.aim)) return "aim reached";
  return reaches(demand.must) ? "ok" : "MISSED must";
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
  if (side.kind !== "measured" || side.values.length === 0) return null;
  const { values } = side;
  return { median: medianOf(values), min: Math.min(...values), max: Math.max(...values) };
}

function noticesOf(name: ContenderName, side: Side): string[] {
  if (side.kind === "measured" || side.kind === "none") return [];
  return [`${TITLES[name]} ${side.kind === "absent" ? "skipped" : "FAILED"}: ${side.reason}`];
}
