import type { AgentId, MeshError } from "@agentmesh/proto";
import type { DurableSubscription, Position } from "../model/durable-subscription.ts";
import type { PublishedEvent } from "../model/event.ts";
import type { NumberNotes } from "../model/number-source.ts";
import type { TopicMatch } from "../model/topic-match.ts";
import type { DeadLetterStore } from "./dead-letter-store.ts";

/**
 * What a host keeps, by role. Nothing here assumes that one process or one machine holds it: everything is
 * asynchronous, what may be written by two is written by comparing first, and the log is addressed by partition and
 * sequence. What a promise of a durable store resolves with has reached the disk, synced.
 */
export interface Store {
  /** Whether what it accepts outlives the process. */
  readonly isDurable: boolean;
  readonly events: EventLog;
  readonly subscriptions: SubscriptionStore;
  readonly publishers: PublisherStore;
  readonly numbers: NumberNotes;
  readonly states: AgentStateStore;
  readonly deadLetters: DeadLetterStore;
  /**
   * Calls `run` when the store cannot be used any more and will not recover by itself: nothing that is asked for from
   * then on is kept, and what was accepted is there for who opens it next.
   */
  onBroken(run: (reason: MeshError) => void): void;
  /** Bytes in use on the disk, as of the last answer; 0 when nothing is kept on one. */
  usedBytes(): number;
  /**
   * Copies everything, as it is at one moment, into a folder that does not exist or is empty, while work goes on. A
   * host can start on the copy. Rejects with `UNIMPLEMENTED` when nothing is kept on a disk.
   */
  backup(folder: string): Promise<void>;
  /** Finishes what was asked for and lets go. Nothing may be asked for afterwards. Idempotent. */
  close(): Promise<void>;
}

/** Number of the only partition of a log that is not divided. */
export const ONLY_PARTITION = 0;

/** An event with its namespace, as it goes into the log. */
export interface NewEvent {
  readonly namespace: string;
  readonly event: PublishedEvent;
}

/** An event in the log. */
export interface LoggedEvent extends NewEvent {
  /** Its place in its partition, from 1. */
  readonly sequence: number;
  /** What has become of it when it is not as it was appended; undefined when it is. A damaged event has no content. */
  readonly damage?: string | undefined;
}

/** Asks for the next events that a subscription has to look at. */
export interface EventQuery {
  readonly namespace: string;
  readonly match: TopicMatch;
  /** Only those with this source; all when undefined. */
  readonly source?: string | undefined;
  /** Only those behind this sequence. */
  readonly after: number;
  /** Only those up to this sequence. */
  readonly through: number;
  /** Events at most, from 1. */
  readonly limit: number;
}

/** How many events a subscription has to look at. */
export interface EventCount {
  readonly count: number;
  /** Whether there may be more: a store looks at a bounded number of events. */
  readonly isCut: boolean;
}

/** The next events, in their order. It may be empty and still not be the end: see `through`. */
export interface EventPage {
  readonly events: readonly LoggedEvent[];
  /** Every event up to this sequence was looked at: that of the query when there is nothing more. */
  readonly through: number;
}

/**
 * The events that durable subscriptions wait for, each once, whatever the number of its subscriptions.
 *
 * 1. Sequences of a partition grow in the order of the calls of `append` and are never given twice.
 * 2. The mark of a publisher is kept together with the events that bring it: either both or none.
 */
export interface EventLog {
  /**
   * Appends an event. Resolves with its sequence; rejects with `STORE_UNAVAILABLE`, or `OVERLOADED` when the store holds
   * as much as it may: then it was not accepted.
   */
  append(partition: number, added: NewEvent, mark?: PublisherMark): Promise<number>;
  /**
   * Appends events together: all of them, or none. Resolves with the sequence of the first, which the others follow
   * without a gap; rejects as {@link append}.
   */
  appendAll(partition: number, added: readonly NewEvent[], mark?: PublisherMark): Promise<number>;
  /** The sequence of the last event; 0 when there was none. */
  last(partition: number): Promise<number>;
  /** The next events, bounded in number and bytes. */
  read(partition: number, query: EventQuery): Promise<EventPage>;
  /** Counts the events of a query, up to its limit. */
  count(partition: number, query: EventQuery): Promise<EventCount>;
  /** Drops events up to a sequence. What is dropped is up to the store; what is behind stays. */
  trim(partition: number, through: number): Promise<void>;
}

/** Names a durable subscription. */
export interface SubscriptionKey {
  readonly namespace: string;
  readonly name: string;
}

/** A position as it is kept, or as it is to be kept in place of the one with this revision. */
export interface PositionRecord {
  readonly position: Position;
  /** Grows with every move. */
  readonly revision: number;
}

/** A durable subscription as it is kept. */
export interface SubscriptionRecord {
  readonly subscription: DurableSubscription;
  /** Grows with every change of the subscription. */
  readonly revision: number;
  /** Where it is in every partition in which it has a position. */
  readonly positions: ReadonlyMap<number, PositionRecord>;
}

/** What became of a write that compares first. */
export type WriteOutcome =
  /** It was written. */
  | { readonly kind: "written"; readonly revision: number }
  /** Somebody else was faster, or it does not exist. */
  | { readonly kind: "conflict" };

/** The durable subscriptions with their positions. */
export interface SubscriptionStore {
  /** All of them. */
  list(): Promise<readonly SubscriptionRecord[]>;
  /** Adds one with its first position, of revision 1; a conflict when the name is taken. */
  create(
    subscription: DurableSubscription,
    partition: number,
    position: Position,
  ): Promise<WriteOutcome>;
  /** Replaces one; a conflict when its revision is another. Positions stay. */
  update(subscription: DurableSubscription, revision: number): Promise<WriteOutcome>;
  /** Removes one with its positions; a conflict when its revision is another. */
  remove(key: SubscriptionKey, revision: number): Promise<WriteOutcome>;
  /** Moves one on; a conflict when the position has another revision or does not exist. */
  advance(key: SubscriptionKey, partition: number, moved: PositionRecord): Promise<WriteOutcome>;
}

/** What one publisher has published durably. */
export interface PublisherMark {
  readonly namespace: string;
  /** Instance of the publisher. */
  readonly instance: string;
  /** Largest sequence of its own that was accepted or refused. */
  readonly through: number;
  /** Sequences up to `through` that were refused, so that they may be tried again. */
  readonly refused: readonly number[];
}

/** The marks of publishers: they come in with events. */
export interface PublisherStore {
  /** The marks that changed last, the latest first, at most `limit`. */
  latest(limit: number): Promise<readonly PublisherMark[]>;
}

/** Names the state of an agent. */
export interface AgentStateKey {
  readonly namespace: string;
  readonly agent: AgentId;
}

/** The state of an agent as bytes. */
export interface AgentStateRecord {
  /** Version of its schema. */
  readonly schemaVersion: number;
  /** Media type of `data`. */
  readonly contentType: string;
  readonly data: Uint8Array;
}

/** The states of agents. */
export interface AgentStateStore {
  /** The state with its revision; undefined when there is none. */
  load(
    key: AgentStateKey,
  ): Promise<{ readonly state: AgentStateRecord; readonly revision: number } | undefined>;
  /** Replaces the state of this revision, 0 for none; a conflict when its revision is another. */
  save(key: AgentStateKey, state: AgentStateRecord, revision: number): Promise<WriteOutcome>;
  /** Removes the state of this revision; a conflict when its revision is another. */
  remove(key: AgentStateKey, revision: number): Promise<WriteOutcome>;
}
