import { type Finding, levelOf, milder, worst } from "./findings.ts";
import { type Answer, type Decision, type Opinion, REVIEWERS, type Verdict } from "./messages.ts";

/** Reviewers that are further apart than this do not see the same file: one of them has to justify itself. */
const TOLERATED_STEPS = 1;

/** Two opinions that do not go together. */
export interface Dispute {
  /** Who found more than the other can believe. */
  readonly accuser: Opinion;
  readonly other: Opinion;
  /** The findings at stake. */
  readonly disputed: readonly Finding[];
}

/** The dispute between the strictest and the mildest reviewer, if they are too far apart. */
export function disputeAmong(opinions: readonly Opinion[]): Dispute | undefined {
  const byLevel = [...opinions].sort((a, b) => levelOfOpinion(a) - levelOfOpinion(b));
  const [other, accuser] = [byLevel.at(0), byLevel.at(-1)];
  if (other === undefined || accuser === undefined) return undefined;
  const tolerated = levelOfOpinion(other) + TOLERATED_STEPS;
  const disputed = accuser.findings.filter((finding) => levelOf(finding.severity) > tolerated);
  return disputed.length === 0 ? undefined : { accuser, other, disputed };
}

/** The accuser's opinion after its answers, one per disputed finding. */
export function reconsidered(dispute: Dispute, answers: readonly Answer[]): Opinion {
  const findings = dispute.accuser.findings.flatMap((finding) => {
    const answer = answers[dispute.disputed.indexOf(finding)]?.answer ?? "keep";
    if (answer === "withdraw") return [];
    return answer === "keep" ? [finding] : [{ ...finding, severity: milder(finding.severity) }];
  });
  return { ...dispute.accuser, findings };
}

/** How many of the answers changed anything. */
export function changedBy(answers: readonly Answer[]): number {
  return answers.filter(({ answer }) => answer !== "keep").length;
}

/** The verdict on a file. A reviewer without opinion cannot approve: then the author is at least told. */
export function verdictOn(path: string, opinions: readonly Opinion[], changes: number): Verdict {
  const given = REVIEWERS.map((reviewer) => ({
    reviewer,
    opinion: opinions.find((opinion) => opinion.reviewer === reviewer),
  }));
  const silent = given.filter(({ opinion }) => opinion === undefined);
  const decisive = mostSevere(opinions.flatMap((opinion) => opinion.findings));
  const missing = silent.map(({ reviewer }) => `no opinion from ${reviewer}`);
  return {
    path,
    decision: decide(decisive, silent.length > 0),
    opinions: given.map(({ reviewer, opinion }) => ({
      reviewer,
      severity: opinion && worst(opinion.findings),
      findings: opinion?.findings.length ?? 0,
    })),
    reconsidered: changes,
    why: [...(decisive === undefined ? [] : [reasonOf(decisive)]), ...missing].join("; "),
  };
}

function levelOfOpinion(opinion: Opinion): number {
  return levelOf(worst(opinion.findings));
}

function decide(decisive: Finding | undefined, incomplete: boolean): Decision {
  const severity = decisive?.severity ?? "pass";
  if (severity === "block") return "request changes";
  return severity === "warn" || incomplete ? "comment" : "approve";
}

function mostSevere(findings: readonly Finding[]): Finding | undefined {
  return findings.reduce<Finding | undefined>((most, finding) => {
    const isWorse = most === undefined || levelOf(finding.severity) > levelOf(most.severity);
    return isWorse ? finding : most;
  }, undefined);
}

function reasonOf({ check, line, text }: Finding): string {
  return `${check}, line ${line}: ${text}`;
}
