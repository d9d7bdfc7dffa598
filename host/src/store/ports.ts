import type { AgentId, ErrorCode } from "@agentmesh/proto";
import type { DeadLetter } from "../model/dead-letter.ts";
import type { DurableSubscription, Position } from "../model/durable-subscription.ts";
import type { PublishedEvent } from "../model/event.ts";
import type { NumberNotes } from "../model/number-source.ts";
import type { TopicMatch } from "../model/topic-match.ts";

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
  /** Appends an event. Resolves with its sequence; rejects with `STORE_UNAVAILABLE`: then it was not accepted. */
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

/** How much a store of dead letters keeps. At either limit the oldest ones are dropped and counted. */
export interface DeadLetterLimits {
  /** Letters kept, over all namespaces. */
  readonly count: number;
  /** Bytes kept, over all namespaces: content, texts and {@link DEAD_LETTER_OVERHEAD_BYTES} per letter. */
  readonly bytes: number;
}

/** What a letter costs beside its content and texts, in bytes. */
export const DEAD_LETTER_OVERHEAD_BYTES = 512;

/** Selects dead letters; what is left out selects all. */
export interface DeadLetterFilter {
  /** Only those for agents of this type. */
  readonly agentType?: string;
  /** Only those for agents with this key. */
  readonly agentKey?: string;
  /** Only those of this topic type. */
  readonly topicType?: string;
  /** Only those that failed with this code. */
  readonly code?: ErrorCode;
  /** Only those parked at or after this time, in milliseconds since 1970. */
  readonly sinceUnixMs?: number;
  /** Only those parked before this time, in milliseconds since 1970. */
  readonly untilUnixMs?: number;
  /** Only those whose message has one of these ids; empty selects none. */
  readonly ids?: ReadonlySet<number>;
}

/** Asks for a page of dead letters. */
export interface DeadLetterQuery {
  readonly namespace: string;
  readonly filter: DeadLetterFilter;
  /** `nextCursor` of the previous page; empty for the first. */
  readonly cursor: string;
  /** Letters at most, from 1. */
  readonly limit: number;
}

/**
 * A page of dead letters, oldest first. It may hold fewer letters than asked for, even none, and still not be the
 * last: a store looks at a bounded number of letters per page. Only an empty `nextCursor` marks the end.
 */
export interface DeadLetterPage {
  readonly letters: readonly DeadLetter[];
  /** Where the next page starts; empty on the last. */
  readonly nextCursor: string;
}

/** Names one dead letter. */
export interface DeadLetterKey {
  readonly namespace: string;
  /** Id of the message. */
  readonly id: number;
  /** Agent that it was for; needed when several agents failed on one event. Without it the oldest is meant. */
  readonly target?: AgentId;
}

/** How many dead letters there are. */
export interface DeadLetterCounts {
  /** Letters kept, over all namespaces. */
  readonly kept: number;
  /** Letters dropped for want of room, since the start. */
  readonly dropped: number;
}

/**
 * Keeps messages that could not be handled. Every implementation passes `deadLetterCases`.
 *
 * 1. A namespace never sees letters of another one.
 * 2. A page holds letters in the order in which they were added; paging sees each letter once, also while letters are
 *    added and dropped.
 * 3. At a limit the oldest letters go, whatever their namespace, and `dropped` counts them. A letter that is larger
 *    than all that may be kept is dropped itself.
 * 4. A letter of the same message, target and subscription as one that is kept changes nothing: parking twice leaves
 *    one.
 */
export interface DeadLetterStore {
  /** How many there are, as of the letters added before. */
  counts(): Promise<DeadLetterCounts>;
  /** Parks a letter. Resolves when it is kept or dropped; rejects with `STORE_UNAVAILABLE`. */
  add(letter: DeadLetter): Promise<void>;
  /** A page of letters. Rejects with `INVALID_ARGUMENT` for a cursor that this store did not make. */
  list(query: DeadLetterQuery): Promise<DeadLetterPage>;
  /** One letter; undefined when it is not kept. */
  get(key: DeadLetterKey): Promise<DeadLetter | undefined>;
  /** Removes letters that it has listed; those that are not kept any more do not count. @returns how many it removed. */
  remove(letters: readonly DeadLetter[]): Promise<number>;
}
