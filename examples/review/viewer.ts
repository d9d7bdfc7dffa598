import { type AgentDefinition, defineAgent } from "@agentmesh/worker-sdk";
import { worst } from "./findings.ts";
import {
  Exchange,
  ReviewFailed,
  ReviewFindings,
  ReviewRequested,
  ReviewVerdict,
  type Verdict,
} from "./messages.ts";
import { counted } from "./words.ts";

/** One message as the terminal shows it. */
export interface Sighting {
  /** An event, or a step of a direct send. */
  readonly step: "event" | "question" | "answer" | "failure";
  readonly from: string;
  readonly to: string;
  readonly message: string;
  readonly path: string;
  readonly text: string;
}

/** Who is told what the viewer sees. */
export interface Watcher {
  saw(sighting: Sighting): void;
  settled(verdict: Verdict): void;
}

/** Milliseconds: a viewer remembers nothing, so it may go whenever its file is quiet. */
const IDLE_MS = 5_000;

/** An agent like the others: subscribed to all topics of the review, it tells `watcher` what passes. */
export function viewer(watcher: Watcher): AgentDefinition<undefined> {
  return defineAgent("viewer", {
    description: "Shows the traffic in the terminal",
    idleMs: IDLE_MS,
    subscriptions: [{ typePrefix: "review." }],
    handlers: (on) => [
      on(ReviewRequested, ({ path, text }, ctx) => {
        const lines = counted(text.split("\n").length, "line");
        const from = ctx.sender?.type ?? "";
        const message = ReviewRequested.messageName;
        watcher.saw({ step: "event", from, to: "all reviewers", message, path, text: lines });
      }),
      on(ReviewFindings, ({ path, reviewer, worker, findings }) => {
        const text = `${counted(findings.length, "finding")}, ${worst(findings)} (on ${worker})`;
        const message = ReviewFindings.messageName;
        watcher.saw({ step: "event", from: reviewer, to: "judge", message, path, text });
      }),
      on(ReviewFailed, ({ path, reviewer, worker, reason }) => {
        const message = ReviewFailed.messageName;
        const text = `${reason} (on ${worker})`;
        watcher.saw({ step: "event", from: reviewer, to: "judge", message, path, text });
      }),
      on(ReviewVerdict, (verdict, ctx) => {
        const { path, decision } = verdict;
        const from = ctx.sender?.type ?? "";
        const message = ReviewVerdict.messageName;
        watcher.saw({ step: "event", from, to: "viewer", message, path, text: decision });
        watcher.settled(verdict);
      }),
      on(Exchange, (exchange) => watcher.saw(exchange)),
    ],
  });
}
