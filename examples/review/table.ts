import { aligned } from "./columns.ts";
import { DECISIONS, type Decision, type Verdict } from "./messages.ts";
import { type Paint, printable, type Style, shorten } from "./paint.ts";

/** A screen and a half: more rows do not fit into anyone's view. */
const MAX_ROWS = 30;
/** Characters of a path and of a reason in a pipe, and of a path at most on a terminal. */
const PATH_WIDTH = 60;
const WHY_WIDTH = 90;
const STYLE_OF_DECISION: Readonly<Record<Decision, Style>> = {
  approve: "green",
  comment: "yellow",
  "request changes": "red",
};

interface Row {
  readonly decision: Decision | "verdict";
  readonly cells: readonly string[];
  readonly why: string;
}

/** The verdicts as a table, those that ask for something first. */
export function verdictTable(verdicts: readonly Verdict[], paint: Paint): string[] {
  const sorted = [...verdicts].sort((a, b) => rank(b) - rank(a) || (a.path < b.path ? -1 : 1));
  const shown = sorted.slice(0, MAX_ROWS);
  const rows = [headRow(shown[0]), ...shown.map(rowOf)];
  const cells = aligned(rows.map((row) => row.cells));
  const lines = rows.map((row, at) => paintRow(row, cells[at] ?? [], paint));
  const hidden = sorted.slice(MAX_ROWS);
  return hidden.length === 0 ? lines : [...lines, paint("dim", `… and ${inWords(hidden)} more`)];
}

/** Counts verdicts by decision: `2 request changes, 9 comment, 240 approve`. */
export function inWords(verdicts: readonly Verdict[]): string {
  return [...DECISIONS]
    .reverse()
    .map((decision) => ({
      decision,
      count: verdicts.filter((v) => v.decision === decision).length,
    }))
    .filter(({ count }) => count > 0)
    .map(({ decision, count }) => `${count} ${decision}`)
    .join(", ");
}

/** By decision; among equals, files about which there is something to say. */
function rank({ decision, why }: Verdict): number {
  return DECISIONS.indexOf(decision) * 2 + (why === "" ? 0 : 1);
}

function headRow(first: Verdict | undefined): Row {
  const reviewers = first?.opinions.map(({ reviewer }) => reviewer) ?? [];
  return { decision: "verdict", cells: ["file", ...reviewers], why: "why" };
}

function rowOf({ decision, path, opinions, why }: Verdict): Row {
  const given = opinions.map(({ severity, findings }) => {
    if (severity === undefined) return "—";
    return findings === 0 ? severity : `${severity} (${findings})`;
  });
  return { decision, cells: [shorten(printable(path), PATH_WIDTH), ...given], why };
}

function paintRow({ decision, why }: Row, cells: readonly string[], paint: Paint): string {
  const told = shorten(printable(why), WHY_WIDTH);
  const style = decision === "verdict" ? "bold" : STYLE_OF_DECISION[decision];
  const line = `${paint(style, decision.padEnd("request changes".length))}  ${cells.join("  ")}  ${told}`;
  return line.trimEnd();
}
