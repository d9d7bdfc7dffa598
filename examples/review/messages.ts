import { agentId, defineMessage, type TopicId, topicId } from "@agentmesh/worker-sdk";
import { z } from "zod";
import { FACTS, Finding, SEVERITIES } from "./findings.ts";

/** The agent types that look at files. Each publishes its findings; a case is complete when all have spoken. */
export const REVIEWERS = ["structure", "hygiene", "documentation"] as const;
export type Reviewer = (typeof REVIEWERS)[number];

/** What a file's author is told, mildest first. */
export const DECISIONS = ["approve", "comment", "request changes"] as const;
export type Decision = (typeof DECISIONS)[number];

/** Of these agents there is one each; all others exist once per file, with its path as key. */
export const COORDINATOR = agentId("coordinator", "review");
export const BLOCK_INDEX = agentId("block-index", "review");
export const CATALOGUE = agentId("catalogue", "review");

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

// Asked of the coordinator, for some of the files at a time.
const Portion = z.object({ folder: z.string(), paths: z.array(path) });
export const FilesIndexed = defineMessage("review.indexed", z.object({ files: z.int() }));
export const IndexFiles = defineMessage("review.index", Portion, { reply: FilesIndexed });
export const FilesHandedOut = defineMessage("review.handed-out", z.object({ files: z.int() }));
export const HandOutFiles = defineMessage("review.hand-out", Portion, { reply: FilesHandedOut });

// Asked of the index of blocks: what no reviewer can know, because each sees one file only.
const Fingerprint = z.object({
  hashes: z.array(z.int()).readonly(),
  lines: z.array(z.int()).readonly(),
});
const Copy = z.object({
  line: z.int(),
  lines: z.int(),
  of: z.object({ path, line: z.int() }),
});
export const BlocksRemembered = defineMessage("review.remembered", z.object({ blocks: z.int() }));
export const RememberBlocks = defineMessage("review.remember", Fingerprint.extend({ path }), {
  reply: BlocksRemembered,
});
export const CopiesFound = defineMessage("review.copies", z.object({ copies: z.array(Copy) }));
export const FindCopies = defineMessage("review.find-copies", z.object({ path }), {
  reply: CopiesFound,
});

// Asked of the catalogue: which of these paths lead nowhere.
export const MissingFound = defineMessage("review.missing", z.object({ missing: z.array(path) }));
export const FindMissing = defineMessage(
  "review.find-missing",
  z.object({ path, folder: z.string(), targets: z.array(z.string()) }),
  { reply: MissingFound },
);

// Published, with the file's path as the topic's source.
export const ReviewRequested = defineMessage(
  "review.requested",
  z.object({ path, folder: z.string(), text: z.string() }),
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
  z.object({ path, disputed: z.array(Finding), others: z.array(Opinion) }),
  { reply: Justified },
);

// Told to the judge by who has waited long enough.
export const SettleCase = defineMessage("review.settle", z.object({ path }));

/** What the agents of one type have done on one worker. */
export const Tally = z.object({
  agent: z.string(),
  /** Different files that their messages were about. */
  files: z.int(),
  messages: z.int(),
  /** Milliseconds that they worked: waiting for others does not count. */
  workMs: z.int(),
});
export type Tally = z.infer<typeof Tally>;

// Asked of the timekeeper of a worker, when all is done.
export const TimesheetRead = defineMessage(
  "review.timesheet",
  z.object({ tallies: z.array(Tally) }),
);
export const ReadTimesheet = defineMessage("review.read-timesheet", z.object({}), {
  reply: TimesheetRead,
});

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
