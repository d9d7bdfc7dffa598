import {
  type AgentContext,
  type AgentDefinition,
  AppError,
  defineAgent,
} from "@agentmesh/worker-sdk";
import { type Fact, type Finding, levelOf } from "../findings.ts";
import {
  type Answer,
  Justify,
  type Opinion,
  Recheck,
  type Reviewer,
  ReviewFailed,
  ReviewFindings,
  ReviewRequested,
  topicOf,
} from "../messages.ts";

/** A file as a reviewer gets it. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** What a reviewer is made of: everything else is the same for all of them. */
export interface Expertise {
  readonly reviewer: Reviewer;
  readonly description: string;
  /** Looks at a file. */
  readonly examine: (file: SourceFile, ctx: AgentContext<Memory>) => Promise<Examined>;
  /** Says whether a finding holds, now that the other reviewer's opinion is known. */
  readonly reconsider: (finding: Finding, own: readonly Fact[], other: Opinion) => Answer;
}

export interface Examined {
  readonly findings: readonly Finding[];
  readonly facts: readonly Fact[];
}

/** Where a reviewer runs. */
export interface Post {
  /** Name of the worker. */
  readonly worker: string;
  /** Path of the file on which this reviewer breaks, to show what a failure does and does not do. */
  readonly breaksOn?: string | undefined;
}

/** What the reviewer of a file remembers. */
export interface Memory {
  text: string | undefined;
  opinion: Opinion | undefined;
}

/** A file may be full of trifles; the verdict needs the worst of them. */
const MAX_FINDINGS = 200;

/** Defines an agent type that reviews: one agent per file, reached by events and by the judge's questions. */
export function defineReviewer(expertise: Expertise, post: Post): AgentDefinition<Memory> {
  const { reviewer, description } = expertise;
  const state = { initial: (): Memory => ({ text: undefined, opinion: undefined }) };

  async function review(path: string, ctx: AgentContext<Memory>): Promise<Opinion> {
    const { text } = ctx.state;
    if (text === undefined) throw new AppError("NOT_REQUESTED", `nobody gave me ${path} to review`);
    if (path === post.breaksOn) throw new Error(`${reviewer} breaks on this file, on purpose`);
    const { findings, facts } = await expertise.examine({ path, text }, ctx);
    const opinion = {
      reviewer,
      worker: post.worker,
      findings: worstOf(findings),
      facts: [...facts],
    };
    ctx.state = { text: undefined, opinion };
    return opinion;
  }

  /** Tells the judge, who would wait in vain, and fails all the same: the message belongs among the dead letters. */
  async function fail(path: string, error: unknown, ctx: AgentContext<Memory>): Promise<never> {
    const reason = error instanceof Error ? error.message : String(error);
    const told = ReviewFailed({ path, reviewer, worker: post.worker, reason });
    await ctx.publish(topicOf(ReviewFailed, path), told);
    throw error;
  }
  return defineAgent(reviewer, {
    description,
    state,
    subscriptions: [ReviewRequested.messageName],
    handlers: (on) => [
      on(ReviewRequested, async ({ path, text }, ctx) => {
        ctx.state = { text, opinion: undefined };
        const opinion = await review(path, ctx).catch((error) => fail(path, error, ctx));
        await ctx.publish(topicOf(ReviewFindings, path), ReviewFindings({ ...opinion, path }));
      }),
      on(Recheck, async ({ path }, ctx) => {
        return { ...(ctx.state.opinion ?? (await review(path, ctx))), path };
      }),
      on(Justify, ({ disputed, other }, ctx) => {
        const own = ctx.state.opinion?.facts ?? [];
        const answers = disputed.map((finding) => expertise.reconsider(finding, own, other));
        return { answers };
      }),
    ],
  });
}

function worstOf(findings: readonly Finding[]): Finding[] {
  return [...findings]
    .sort((a, b) => levelOf(b.severity) - levelOf(a.severity) || a.line - b.line)
    .slice(0, MAX_FINDINGS);
}
