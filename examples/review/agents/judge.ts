import {
  type AgentContext,
  type AgentDefinition,
  agentId,
  defineAgent,
  MeshError,
} from "@agentmesh/worker-sdk";
import {
  type Answer,
  Justify,
  type Opinion,
  REVIEWERS,
  Recheck,
  type Reviewer,
  ReviewFailed,
  ReviewFindings,
  ReviewVerdict,
  SettleCase,
  topicOf,
} from "../messages.ts";
import { type Answered, type Dispute, disputesAmong, verdictOn } from "../settlement.ts";
import type { Stopwatch } from "../timesheet.ts";
import { counted } from "../words.ts";
import { ask } from "./asking.ts";

/** What the judge of a file has heard. `undefined` stands for a reviewer that was asked and gave no opinion. */
interface Case {
  readonly heard: Map<Reviewer, Opinion | undefined>;
  isSettled: boolean;
}

type Judge = AgentContext<Case>;

/** Milliseconds after which the judge of a file that nobody talks about any more forgets it. */
const IDLE_MS = 60_000;

/** Gathers what the reviewers of a file say, asks back where they disagree, and settles one verdict. */
export function judge(stopwatch: Stopwatch): AgentDefinition<Case> {
  return defineAgent("judge", {
    description: "Settles one verdict per file",
    state: { initial: (): Case => ({ heard: new Map(), isSettled: false }) },
    idleMs: IDLE_MS,
    subscriptions: [ReviewFindings.messageName, ReviewFailed.messageName],
    handlers: (on) => [
      on(ReviewFindings, async ({ path, ...opinion }, ctx) => {
        ctx.state.heard.set(opinion.reviewer, opinion);
        await settleWhenAllSpoke(path, ctx);
      }),
      on(ReviewFailed, async ({ path, reviewer }, ctx) => {
        await hearDirectly(reviewer, path, ctx);
        await settleWhenAllSpoke(path, ctx);
      }),
      on(SettleCase, async ({ path }, ctx) => {
        for (const reviewer of REVIEWERS) {
          if (!ctx.state.heard.has(reviewer)) await hearDirectly(reviewer, path, ctx);
        }
        await settleWhenAllSpoke(path, ctx);
      }),
    ],
  });

  async function settleWhenAllSpoke(path: string, ctx: Judge): Promise<void> {
    const { heard, isSettled } = ctx.state;
    // An event may come twice; the verdict is published once.
    if (isSettled || REVIEWERS.some((reviewer) => !heard.has(reviewer))) return;
    // In a fixed order: who spoke first must make no difference.
    const opinions = REVIEWERS.flatMap((reviewer) => heard.get(reviewer) ?? []);
    const disputes = stopwatch(() => disputesAmong(opinions));
    const answered = await Promise.all(disputes.map((dispute) => askBack(dispute, path, ctx)));
    const verdict = stopwatch(() => verdictOn(path, opinions, answered));
    await ctx.publish(topicOf(ReviewVerdict, path), ReviewVerdict(verdict));
    ctx.state.isSettled = true;
  }
}

/** Asks a reviewer for its opinion, once. A failure of the mesh or of the reviewer arrives as a typed error. */
async function hearDirectly(reviewer: Reviewer, path: string, ctx: Judge): Promise<void> {
  const opinion = await ask(ctx, agentId(reviewer, path), {
    path,
    message: Recheck({ path }),
    question: "can you tell me now?",
    answer: (reply) => counted(reply.findings.length, "finding"),
  }).catch(withoutAnswer);
  ctx.state.heard.set(reviewer, opinion);
}

/** Lets a reviewer that is stricter than others justify itself. Without an answer its findings stand. */
async function askBack(dispute: Dispute, path: string, ctx: Judge): Promise<Answered> {
  const { accuser, others, disputed } = dispute;
  const reply = await ask(ctx, agentId(accuser.reviewer, path), {
    path,
    message: Justify({ path, disputed: [...disputed], others: [...others] }),
    question: `not everyone sees that; does it hold: ${counted(disputed.length, "finding")}?`,
    answer: ({ answers }) => summaryOf(answers),
  }).catch(withoutAnswer);
  return { ...dispute, answers: reply?.answers ?? [] };
}

function summaryOf(answers: readonly Answer[]): string {
  return [...new Set(answers.map(({ answer, reason }) => `${answer}: ${reason}`))].join("; ");
}

function withoutAnswer(error: unknown): undefined {
  if (!(error instanceof MeshError)) throw error;
  return undefined;
}
