/** What a run tells: a line for each row as it ends, and a file for programs. */
import type { Result } from "./row.ts";

/** One row for people: its figures, and what was wrong. */
export function formatResult({ id, passed, figures, problems }: Result): string {
  const told = Object.entries(figures).map(([name, figure]) => `${name} ${figure}`);
  const head = `${passed ? "ok  " : "FAIL"}  ${id.padEnd(12)}  ${told.join(", ")}`;
  return [head, ...problems.map((problem) => `      ${problem}`)].join("\n");
}

/** The last line. */
export function formatSummary(results: readonly Result[]): string {
  const failed = results.filter(({ passed }) => !passed).map(({ id }) => id);
  const kept = `${results.length - failed.length} of ${results.length} rows passed`;
  return failed.length === 0 ? kept : `${kept}; failed: ${failed.join(", ")}`;
}

/** The results as JSON: `{ "rows": [{ "id", "seed", "passed", "figures" }] }`. */
export function formatJson(results: readonly Result[]): string {
  const rows = results.map(({ id, seed, passed, figures }) => ({ id, seed, passed, figures }));
  return `${JSON.stringify({ rows }, undefined, 2)}\n`;
}
