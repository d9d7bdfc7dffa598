/** What both hosts made of the scenarios, as tables in Markdown: all of it for the terminal, what differs for the README. */
import type { Outcome, Scenario } from "./scenarios.ts";

/** How a scenario went on each host. */
export interface Comparison {
  readonly scenario: Pick<Scenario, "title" | "source">;
  readonly theirs: Outcome;
  readonly ours: Outcome;
}

/** The lines of the README between which its table stands. */
const BEGIN = "<!-- npm run side-by-side -- --write -->";
const END = "<!-- end of side-by-side -->";

/** What a reason begins with when nothing came in time. */
const HANGS = "hangs";
/** Characters of a reason that the terminal shows. */
const REASON_CHARACTERS = 120;

/** All rows, with reasons. */
export function formatAll(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map(({ scenario: { title, source }, theirs, ours }) =>
    rowOf(title, source, withReason(theirs), withReason(ours)),
  );
  const head = ["scenario", "where it is written", "AutoGen's host", "agentmesh host"];
  return [rowOf(...head), rowOf(...head.map(() => "---")), ...rows].join("\n");
}

/** The rows in which one of the hosts does otherwise, and how many more there are. */
export function formatDifferences(comparisons: readonly Comparison[]): string {
  const differing = comparisons.filter(({ theirs, ours }) => !isBoth(theirs, ours));
  const rows = differing.map(({ scenario, theirs, ours }) =>
    rowOf(scenario.title, inAWord(theirs), inAWord(ours)),
  );
  const more = `${comparisons.length - differing.length} more, AutoGen's own tests of its distributed runtime among them`;
  return [
    rowOf("what is expected", "AutoGen's host", "agentmesh host"),
    rowOf("---", "---", "---"),
    ...rows,
    rowOf(more, "yes", "yes"),
  ].join("\n");
}

/** The README with this table instead of the one that it has. @throws when it has no place for it. */
export function replaceTable(readme: string, table: string): string {
  const [from, to] = placeIn(readme);
  return `${readme.slice(0, from)}\n\n${table}\n\n${readme.slice(to)}`;
}

/** The table of the README. @throws when it has no place for one. */
export function tableIn(readme: string): string {
  return readme.slice(...placeIn(readme)).trim();
}

/** Where the table stands, with the blank lines around it. */
function placeIn(readme: string): [from: number, to: number] {
  const from = readme.indexOf(BEGIN) + BEGIN.length;
  const to = readme.indexOf(END);
  if (from < BEGIN.length || to < from) throw new Error(`the README has no ${BEGIN} … ${END}`);
  return [from, to];
}

function isBoth(...outcomes: readonly Outcome[]): boolean {
  return outcomes.every(({ kind }) => kind === "as-expected");
}

function withReason(outcome: Outcome): string {
  if (outcome.kind === "as-expected") return "yes";
  const reason = outcome.reason.replaceAll(/\s+/g, " ").replaceAll("|", "\\|");
  return `**no**: ${reason.slice(0, REASON_CHARACTERS)}`;
}

function inAWord(outcome: Outcome): string {
  if (outcome.kind === "as-expected") return "yes";
  return outcome.reason.startsWith(HANGS) ? HANGS : "no";
}

function rowOf(...cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
