/** The findings for people and for programs. */
import type { Finding, Verdict } from "./verdicts.ts";

const WORDS: Readonly<Record<Verdict["kind"], string>> = {
  met: "met",
  broken: "BROKEN",
  "not-claimed": "–",
};

/** A line for every requirement, and a last one that sums up. */
export function formatTable(findings: readonly Finding[]): string {
  const lines = findings.flatMap(({ requirement: { id, text }, verdict }) => {
    const line = `${id.padEnd(4)} ${WORDS[verdict.kind].padEnd(7)} ${text}`;
    return verdict.kind === "met" ? [line] : [line, `${" ".repeat(13)}${verdict.reason}`];
  });
  const { met, broken, notClaimed } = countsOf(findings);
  return [...lines, `${met} met, ${broken} broken, ${notClaimed} not claimed`].join("\n");
}

/** The same as JSON. */
export function formatJson(findings: readonly Finding[]): string {
  const requirements = findings.map(({ requirement: { id, text }, verdict }) => ({
    id,
    text,
    verdict: verdict.kind,
    reason: verdict.kind === "met" ? null : verdict.reason,
  }));
  return JSON.stringify({ ...countsOf(findings), requirements }, null, 2);
}

/** How many there are of each verdict. */
export function countsOf(findings: readonly Finding[]) {
  const count = (kind: Verdict["kind"]): number =>
    findings.filter(({ verdict }) => verdict.kind === kind).length;
  return { met: count("met"), broken: count("broken"), notClaimed: count("not-claimed") };
}
