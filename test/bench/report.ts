/** The results for people and for programs. */
import type { Machine } from "./machine.ts";
import { METRICS } from "./metric.ts";
import type { Row } from "./rows.ts";
import type { Figure, RowSummary } from "./summary.ts";

const HEAD = [
  "row",
  "ours",
  "(min–max)",
  "against",
  "peer",
  "(min–max)",
  "ratio",
  "must",
  "aim",
  "",
];

/** The table, with a line for every side that was not measured. */
export function formatTable(summaries: readonly RowSummary[]): string {
  const lines = [HEAD, ...summaries.map(cellsOf)];
  const widths = HEAD.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  const table = lines.map((line) =>
    line
      .map((cell, column) => pad(cell, widths[column] ?? 0, column))
      .join("  ")
      .trimEnd(),
  );
  return [...table, ...noticeLines(summaries)].join("\n");
}

/** Every notice once, with the rows that it is about. */
function noticeLines(summaries: readonly RowSummary[]): string[] {
  const rowsOf = new Map<string, string[]>();
  for (const { row, notices } of summaries) {
    for (const notice of notices) rowsOf.set(notice, [...(rowsOf.get(notice) ?? []), row.id]);
  }
  return [...rowsOf].map(([notice, ids]) => `\n${notice}\n  (${ids.join(", ")})`);
}

/** The results as JSON: values are the medians over the rounds. */
export function formatJson(machine: Machine, summaries: readonly RowSummary[]): string {
  const rows = summaries.map(({ row, ours, peer, ratio, verdict }) => ({
    id: row.id,
    ours: rounded(ours?.median, 1),
    peer: rounded(peer?.median, 1),
    peerName: row.peerName,
    ratio: rounded(ratio, 1_000),
    must: row.demand?.must ?? null,
    aim: row.demand?.aim ?? null,
    demandOf: row.demand?.of ?? null,
    unit: unitOf(row),
    better: METRICS[row.metric].better,
    oursSpread: spreadOf(ours),
    peerSpread: spreadOf(peer),
    verdict,
  }));
  return `${JSON.stringify({ machine, rows }, null, 2)}\n`;
}

/** The machine in one line. */
export function formatMachine({ cpu, cores, memoryGiB, platform, node }: Machine): string {
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${platform}, Node ${node}`;
}

function cellsOf({ row, ours, peer, ratio, verdict }: RowSummary): string[] {
  return [
    row.id,
    ours === null ? "–" : `${amount(ours.median)} ${unitOf(row)}`,
    rangeOf(ours),
    row.peerName,
    peer === null ? "–" : `${amount(peer.median)} ${unitOf(row)}`,
    rangeOf(peer),
    ratio === null ? "–" : `${ratio.toFixed(2)}×`,
    limitOf(row, row.demand?.must),
    limitOf(row, row.demand?.aim),
    verdict,
  ];
}

function unitOf(row: Row): string {
  return METRICS[row.metric].unit;
}

function limitOf({ metric, demand }: Row, limit: number | undefined): string {
  if (demand === undefined || limit === undefined) return "–";
  const { better, unit } = METRICS[metric];
  const sign = better === "lower" ? "≤" : "≥";
  return demand.of === "ratio" ? `${sign} ${limit}×` : `${sign} ${limit} ${unit}`;
}

function rangeOf(figure: Figure | null): string {
  return figure === null ? "" : `(${amount(figure.min)}–${amount(figure.max)})`;
}

function spreadOf(figure: Figure | null): readonly [number, number] | null {
  return figure === null ? null : [Math.round(figure.min), Math.round(figure.max)];
}

/** A whole number in groups of three digits. */
function amount(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, " ");
}

function rounded(value: number | null | undefined, steps: number): number | null {
  return value === null || value === undefined ? null : Math.round(value * steps) / steps;
}

/** Names to the left, numbers to the right. */
function pad(cell: string, width: number, column: number): string {
  const isText = column === 0 || column === 3 || column === HEAD.length - 1;
  return isText ? cell.padEnd(width) : cell.padStart(width);
}
