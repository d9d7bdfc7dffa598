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
import type { Stopwatch } from "../timesheet.ts";

/** A file as a reviewer gets it. */
export interface SourceFile {
  /** The folder that is reviewed, as the coordinator's machine knows it. */
  readonly folder: string;
  /** Its place within the folder. */
  readonly path: string;
  readonly text: string;
}

/** What a reviewer is made of: everything else is the same for all of them. */
export interface Expertise<Known> {
  readonly reviewer: Reviewer;
  readonly description: string;
  /** Asks others for what cannot be seen in the file alone. */
  readonly consult: (file: SourceFile, ctx: AgentContext<Memory>) => Promise<Known>;
  /** Looks at a file, with what the others have said. */
  readonly examine: (file: SourceFile, known: Known) => Examined;
  /** Says whether a finding holds, now that more is known. */
  readonly reconsider: (finding: Finding, light: Light) => Answer;
}

/** In what light a finding is looked at again. */
export interface Light {
  /** What the reviewer itself knows about the file. */
  readonly own: readonly Fact[];
  /** What the others think of it. */
  readonly others: readonly Opinion[];
}

/** What a look at a file has brought to light. */
export interface Examined {
  readonly findings: readonly Finding[];
  readonly facts: readonly Fact[];
}

/** Where a reviewer runs. */
export interface Post {
  /** Name of the worker. */
  readonly worker: string;
  /** Measures its work. */
  readonly stopwatch: Stopwatch;
  /** Path of the file on which this reviewer breaks, to show what a failure does and does not do. */
  readonly breaksOn?: string | undefined;
}

/** What the reviewer of a file remembers. */
export interface Memory {
  /** The file, until there is an opinion of it. */
  file: SourceFile | undefined;
  opinion: Opinion | undefined;
}

/** A file may be full of trifles; the verdict needs the worst of them. */
const MAX_FINDINGS = 200;
/** Milliseconds after which the agents of a file that nobody asks about any more are put to sleep, and forget it. */
const IDLE_MS = 60_000;

/** Defines an agent type that reviews: one agent per file, reached by events and by the judge's questions. */
export function defineReviewer<Known>(
  expertise: Expertise<Known>,
  post: Post,
): AgentDefinition<Memory> {
  const { reviewer, description } = expertise;
  const state = { initial: (): Memory => ({ file: undefined, opinion: undefined }) };

  async function review(path: string, ctx: AgentContext<Memory>): Promise<Opinion> {
    const { file } = ctx.state;
    if (file === undefined) throw new AppError("NOT_REQUESTED", `nobody gave me ${path} to review`);
    if (path === post.breaksOn) throw new Error(`${reviewer} breaks on this file, on purpose`);
    const known = await expertise.consult(file, ctx);
    const { findings, facts } = post.stopwatch(() => expertise.examine(file, known));
    const { worker } = post;
    const opinion = { reviewer, worker, findings: worstOf(findings), facts: [...facts] };
    ctx.state = { file: undefined, opinion };
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
    idleMs: IDLE_MS,
    subscriptions: [ReviewRequested.messageName],
    handlers: (on) => [
      on(ReviewRequested, async (file, ctx) => {
        const { path } = file;
        ctx.state = { file, opinion: undefined };
        const opinion = await review(path, ctx).catch((error) => fail(path, error, ctx));
        await ctx.publish(topicOf(ReviewFindings, path), ReviewFindings({ ...opinion, path }));
      }),
      on(Recheck, async ({ path }, ctx) => {
        return { ...(ctx.state.opinion ?? (await review(path, ctx))), path };
      }),
      on(Justify, ({ path, disputed, others }, ctx) => {
        const own = ctx.state.opinion?.facts;
        // Happens when the opinion was lost with its worker: better no answer than one without all that is known.
        if (own === undefined) throw new AppError("FORGOTTEN", `I remember nothing of ${path}`);
        return {
          answers: disputed.map((finding) => expertise.reconsider(finding, { own, others })),
        };
      }),
    ],
  });
}

function worstOf(findings: readonly Finding[]): Finding[] {
  return [...findings]
    .sort((a, b) => levelOf(b.severity) - levelOf(a.severity) || a.line - b.line)
    .slice(0, MAX_FINDINGS);
}
