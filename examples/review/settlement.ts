import { type Finding, levelOf, milder, worst } from "./findings.ts";
import { type Answer, type Decision, type Opinion, REVIEWERS, type Verdict } from "./messages.ts";

/** Reviewers that are further apart than this do not see the same file: one of them has to justify itself. */
const TOLERATED_STEPS = 1;

/** An opinion that does not go together with all others. */
export interface Dispute {
  /** Who found more than somebody else can believe. */
  readonly accuser: Opinion;
  readonly others: readonly Opinion[];
  /** The findings at stake. */
  readonly disputed: readonly Finding[];
}

/** One dispute for every reviewer that is too far from the mildest one. */
export function disputesAmong(opinions: readonly Opinion[]): Dispute[] {
  const tolerated = Math.min(...opinions.map(levelOfOpinion)) + TOLERATED_STEPS;
  return opinions.flatMap((accuser) => {
    const disputed = accuser.findings.filter((finding) => levelOf(finding.severity) > tolerated);
    const others = opinions.filter((opinion) => opinion !== accuser);
    return disputed.length === 0 ? [] : [{ accuser, others, disputed }];
  });
}

/** A dispute with what the accuser answered, one answer per disputed finding; without answers its findings stand. */
export interface Answered extends Dispute {
  readonly answers: readonly Answer[];
}

/** The accuser's opinion after its answers. */
export function reconsidered({ accuser, disputed, answers }: Answered): Opinion {
  const findings = accuser.findings.flatMap((finding) => {
    const answer = answers[disputed.indexOf(finding)]?.answer ?? "keep";
    if (answer === "withdraw") return [];
    return answer === "keep" ? [finding] : [{ ...finding, severity: milder(finding.severity) }];
  });
  return { ...accuser, findings };
}

/**
 * The verdict on a file, after everyone who had to has answered. A reviewer without opinion cannot approve: then the
 * author is at least told.
 */
export function verdictOn(
  path: string,
  opinions: readonly Opinion[],
  disputes: readonly Answered[],
): Verdict {
  const final = opinions.map((opinion) => {
    const dispute = disputes.find(({ accuser }) => accuser === opinion);
    return dispute === undefined ? opinion : reconsidered(dispute);
  });
  const given = REVIEWERS.map((reviewer) => ({
    reviewer,
    opinion: final.find((opinion) => opinion.reviewer === reviewer),
  }));
  const silent = given.filter(({ opinion }) => opinion === undefined);
  const decisive = mostSevere(final.flatMap((opinion) => opinion.findings));
  const missing = silent.map(({ reviewer }) => `no opinion from ${reviewer}`);
  return {
    path,
    decision: decide(decisive, silent.length > 0),
    opinions: given.map(({ reviewer, opinion }) => ({
      reviewer,
      severity: opinion && worst(opinion.findings),
      findings: opinion?.findings.length ?? 0,
    })),
    reconsidered: disputes.reduce((sum, { answers }) => sum + changedBy(answers), 0),
    why: [...(decisive === undefined ? [] : [reasonOf(decisive)]), ...missing].join("; "),
  };
}

/** How many of the answers changed anything. */
function changedBy(answers: readonly Answer[]): number {
  return answers.filter(({ answer }) => answer !== "keep").length;
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
