import type { TopicMatch } from "./topic-match.ts";

/** How a durable subscription treats its events. */
export interface DurableTerms {
  /** Attempts before an event becomes a dead letter. */
  readonly maxAttempts: number;
  /** Milliseconds before the second attempt; each later wait doubles. */
  readonly backoffMs: number;
  /** Milliseconds that no wait exceeds. */
  readonly maxRetryMs: number;
  /** Milliseconds after which an event that was not handled becomes a dead letter. */
  readonly retentionMs: number;
}

/** A subscription that outlives every session. Its name is unique in its namespace. */
export interface DurableSubscription {
  readonly namespace: string;
  readonly name: string;
  readonly match: TopicMatch;
  /** Type of the agents that receive its events; their key is the topic's source. */
  readonly agentType: string;
  readonly terms: DurableTerms;
}

/** What is known of an event that was delivered before and is to be delivered again. */
export interface Retry {
  readonly sequence: number;
  /** Attempts that are known to have been made. */
  readonly attempts: number;
  /** Attempts that have failed. */
  readonly failures: number;
  /** Workers that were lost over it. */
  readonly crashes: number;
  /** When it was first delivered, in milliseconds since 1970; 0 where that is not known. */
  readonly firstUnixMs: number;
  /** When it may be tried again, in milliseconds since 1970. */
  readonly dueUnixMs: number;
  /** Its handler asked for it later: it waits outside of the order. */
  readonly isAside: boolean;
}

/** Where a lane goes on in the log, because it holds as many events in memory as it may. */
export interface LanePlace {
  /** Key of the agent. */
  readonly key: string;
  /** Sequence of its first event that was left in the log. */
  readonly from: number;
}

/**
 * How far a subscription is in one partition of the log: everything up to `through` is past, but for the sequences in
 * `open` and the events of the lanes in `behind`.
 */
export interface Position {
  readonly through: number;
  readonly open: readonly number[];
  /** What is known of those in `open` that were tried before. */
  readonly retries: readonly Retry[];
  /** What is behind this sequence was never delivered, unless it is among `retries`. */
  readonly offered: number;
  readonly behind: readonly LanePlace[];
}

/** The position of a subscription that begins behind `through`. */
export function startAt(through: number): Position {
  return { through, open: [], retries: [], offered: through, behind: [] };
}

/** Everything up to this sequence is past. */
export function pastThrough({ through, open, behind }: Position): number {
  let past = through;
  for (const sequence of open) past = Math.min(past, sequence - 1);
  for (const { from } of behind) past = Math.min(past, from - 1);
  return past;
}
