import { agentId, defineMessage, type TopicId, topicId } from "@agentmesh/worker-sdk";
import { z } from "zod";
import { FACTS, Finding, SEVERITIES } from "./findings.ts";

/** The agent types that look at files. Each publishes its findings; a case is complete when all have spoken. */
export const REVIEWERS = ["structure", "hygiene"] as const;
export type Reviewer = (typeof REVIEWERS)[number];

/** What a file's author is told, mildest first. */
export const DECISIONS = ["approve", "comment", "request changes"] as const;
export type Decision = (typeof DECISIONS)[number];

/** There is one coordinator and one index of blocks; all other agents exist once per file, with its path as key. */
export const COORDINATOR = agentId("coordinator", "review");
export const BLOCK_INDEX = agentId("block-index", "review");

const path = z.string();
const reviewer = z.enum(REVIEWERS);
const severity = z.enum(SEVERITIES);

/** What a reviewer thinks of a file. */
export const Opinion = z.object({
  reviewer,
  /** Name of the worker that the reviewer ran on: for the totals only, it has no say in the verdict. */
  worker: z.string(),
  findings: z.array(Finding),
  facts: z.array(z.enum(FACTS)),
});
export type Opinion = z.infer<typeof Opinion>;

/** What a reviewer says when it is asked whether a finding holds. */
export const Answer = z.object({
  answer: z.enum(["keep", "soften", "withdraw"]),
  reason: z.string(),
});
export type Answer = z.infer<typeof Answer>;

/** What the judge has settled for a file. */
export const Verdict = z.object({
  path,
  decision: z.enum(DECISIONS),
  /** What is left of each reviewer's opinion; `undefined` marks a reviewer that could not give one. */
  opinions: z.array(z.object({ reviewer, severity: severity.optional(), findings: z.int() })),
  /** Findings that were softened or withdrawn after the judge had asked back. */
  reconsidered: z.int(),
  /** The finding that decided, or what is missing; empty when there is nothing to say. */
  why: z.string(),
});
export type Verdict = z.infer<typeof Verdict>;

// Asked of the coordinator: begin.
export const ReviewStarted = defineMessage("review.started", z.object({ files: z.int() }));
export const StartReview = defineMessage(
  "review.start",
  z.object({ folder: z.string(), paths: z.array(path) }),
  { reply: ReviewStarted },
);

// Asked of the index of blocks: what no reviewer can know, because each sees one file only.
const Window = z.object({ hash: z.string(), line: z.int(), lastLine: z.int() });
const Copy = z.object({
  line: z.int(),
  lines: z.int(),
  of: z.object({ path, line: z.int() }),
});
export const BlocksRemembered = defineMessage("review.remembered", z.object({ blocks: z.int() }));
export const RememberBlocks = defineMessage(
  "review.remember",
  z.object({ path, windows: z.array(Window) }),
  { reply: BlocksRemembered },
);
export const CopiesFound = defineMessage("review.copies", z.object({ copies: z.array(Copy) }));
export const FindCopies = defineMessage("review.find-copies", z.object({ path }), {
  reply: CopiesFound,
});

// Published, with the file's path as the topic's source.
export const ReviewRequested = defineMessage(
  "review.requested",
  z.object({ path, text: z.string() }),
);
export const ReviewFindings = defineMessage("review.findings", Opinion.extend({ path }));
export const ReviewFailed = defineMessage(
  "review.failed",
  z.object({ path, reviewer, worker: z.string(), reason: z.string() }),
);
export const ReviewVerdict = defineMessage("review.verdict", Verdict);

// Asked of a reviewer by the judge.
export const Recheck = defineMessage("review.recheck", z.object({ path }), {
  reply: ReviewFindings,
});
export const Justified = defineMessage("review.justified", z.object({ answers: z.array(Answer) }));
export const Justify = defineMessage(
  "review.justify",
  z.object({ path, disputed: z.array(Finding), other: Opinion }),
  { reply: Justified },
);

// Told to the judge by who has waited long enough.
export const SettleCase = defineMessage("review.settle", z.object({ path }));

/** One step of a direct send. Only sender and receiver see a send, so who asks tells the terminal. */
export const Exchange = defineMessage(
  "review.exchange",
  z.object({
    path,
    step: z.enum(["question", "answer", "failure"]),
    from: z.string(),
    to: z.string(),
    message: z.string(),
    text: z.string(),
  }),
);

/** The topic of an event about a file. Its source makes the agents with the key `path` receive it. */
export function topicOf(message: { readonly messageName: string }, path: string): TopicId {
  return topicId(message.messageName, path);
}
