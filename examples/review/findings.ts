import { z } from "zod";

/** How bad a finding is, mildest first. A reviewer's opinion of a file is its worst finding; without any it passes. */
export const SEVERITIES = ["pass", "note", "warn", "block"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What a reviewer knows about a file beside its findings. It decides how strictly findings are taken. */
export const FACTS = ["generated", "test"] as const;
export type Fact = (typeof FACTS)[number];

/** What the checks look for. */
export const CHECKS = [
  "long function",
  "complex function",
  "duplicated block",
  "secret",
  "private key",
  "licence conflict",
  "note left behind",
  "undocumented exports",
  "broken link",
] as const;

/** One thing that a reviewer found in a file. */
export const Finding = z.object({
  check: z.enum(CHECKS),
  severity: z.enum(SEVERITIES),
  /** Line of the file, from 1. */
  line: z.int(),
  /** One line for people. */
  text: z.string(),
  /** What was measured divided by what is allowed; 1 for checks that measure nothing. */
  excess: z.number(),
});
export type Finding = z.infer<typeof Finding>;

/** Position of a severity on the scale, from 0. */
export function levelOf(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}

/** The worst severity among `findings`; `pass` without any. */
export function worst(findings: readonly { readonly severity: Severity }[]): Severity {
  const level = Math.max(0, ...findings.map((finding) => levelOf(finding.severity)));
  return SEVERITIES[level] ?? "pass";
}

/** One step milder; a `pass` stays one. */
export function milder(severity: Severity): Severity {
  return SEVERITIES[levelOf(severity) - 1] ?? "pass";
}

/** From which measure on a finding has which severity. */
export interface Scale {
  readonly note: number;
  readonly warn: number;
  readonly block: number;
}

/** The severity of `measure`: the highest mark that it exceeds; `pass` when it exceeds none. */
export function rate(measure: number, scale: Scale): Severity {
  if (measure > scale.block) return "block";
  if (measure > scale.warn) return "warn";
  return measure > scale.note ? "note" : "pass";
}

/** How far `measure` is above the mark of its severity: 1 is at the mark. */
export function excessOver(measure: number, scale: Scale): number {
  const severity = rate(measure, scale);
  return severity === "pass" ? 1 : Math.round((measure / scale[severity]) * 100) / 100;
}
