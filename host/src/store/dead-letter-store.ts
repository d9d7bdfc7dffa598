/** The role of the store that keeps what could not be handled, and remembers what of it is on its way again. */
import type { AgentId, ErrorCode } from "@agentmesh/proto";
import type { DeadLetter, DeadLetterName } from "../model/dead-letter.ts";

/** How much a store of dead letters keeps parked. At either limit the oldest ones are dropped and counted. */
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
  /** Only those of the durable subscription with this name. */
  readonly subscription?: string;
}

/** Asks for a page of dead letters. */
export interface DeadLetterQuery {
  readonly namespace: string;
  readonly filter: DeadLetterFilter;
  /** `nextCursor` of the previous page; empty for the first. */
  readonly cursor: string;
  /** What `end` answered: only letters that had arrived then; all when left out. */
  readonly through?: string;
  /** Letters at most, from 1. */
  readonly limit: number;
}

/**
 * A page of dead letters, oldest first. It may hold fewer letters than asked for, even none, and still not be the
 * last: a store looks at a bounded number of letters and bytes per page. Only an empty `nextCursor` marks the end.
 */
export interface DeadLetterPage {
  readonly letters: readonly DeadLetter[];
  /** Where the next page starts; empty on the last. */
  readonly nextCursor: string;
}

/** Finds one dead letter. */
export interface DeadLetterKey {
  readonly namespace: string;
  /** Id of the message. */
  readonly id: number;
  /** Agent that it was for; needed when several agents failed on one event. Without it the oldest is meant. */
  readonly target?: AgentId;
  /** Name of its durable subscription, empty for none. Without it the oldest is meant. */
  readonly subscription?: string;
}

/** How many dead letters there are. */
export interface DeadLetterCounts {
  /** Letters parked, over all namespaces. */
  readonly kept: number;
  /** Letters on their way again, over all namespaces. */
  readonly replaying: number;
  /** Letters dropped for want of room or because of their age, since the start. */
  readonly dropped: number;
}

/** A letter that is to be delivered again, or is on its way. */
export interface ReplayOrder {
  readonly letter: DeadLetterName;
  /** The agent to deliver it to. */
  readonly to: AgentId;
}

/** A part of the letters that are on their way, of all namespaces, in the order in which they were parked. */
export interface ReplayPage {
  readonly replays: readonly (ReplayOrder & { readonly bytes: number })[];
  /** Where the next page starts; empty on the last. */
  readonly nextCursor: string;
}

/**
 * Keeps messages that could not be handled. Every implementation passes `deadLetterCases`.
 *
 * 1. A namespace never sees letters of another one.
 * 2. A page holds letters in the order in which they were added; paging sees each letter once, also while letters are
 *    added and dropped.
 * 3. At a limit the oldest parked letters go, whatever their namespace, and `dropped` counts them. A letter that is
 *    larger than all that may be kept is dropped itself.
 * 4. A letter of the same message, target and subscription as one that is kept changes nothing: parking twice leaves
 *    one.
 * 5. A letter is parked or on its way. What is on its way is listed with its `replayTarget`, counts against no limit and
 *    is never dropped; it ends by `remove` or `repark`.
 */
export interface DeadLetterStore {
  /** How many there are, as of the letters added before. */
  counts(): Promise<DeadLetterCounts>;
  /** How many a durable subscription has, at most `most`. */
  countOf(namespace: string, subscription: string, most: number): Promise<number>;
  /** Parks a letter. Resolves when it is kept or dropped; rejects with `STORE_UNAVAILABLE`. */
  add(letter: DeadLetter): Promise<void>;
  /** A page of letters. Rejects with `INVALID_ARGUMENT` for a cursor that this store did not make. */
  list(query: DeadLetterQuery): Promise<DeadLetterPage>;
  /** Where the letters that there are now end, for {@link DeadLetterQuery.through}. */
  end(): Promise<string>;
  /** One letter; undefined when it is not kept. */
  get(key: DeadLetterKey): Promise<DeadLetter | undefined>;
  /** Removes letters; those that are not kept any more do not count. @returns how many it removed. */
  remove(letters: readonly DeadLetterName[]): Promise<number>;
  /**
   * Drops the oldest letters as long as they were parked before this time, in milliseconds since 1970, a bounded number
   * at once. @returns how many: when some, there may be more.
   */
  dropBefore(unixMs: number): Promise<number>;
  /** Notes that letters are on their way, all at once. @returns for each whether it was parked until now. */
  startReplays(orders: readonly ReplayOrder[]): Promise<readonly boolean[]>;
  /** A page of what is on its way. */
  replays(cursor: string, limit: number): Promise<ReplayPage>;
  /** Parks a letter that is on its way again, as one that arrives now. @returns false when it is not any more. */
  repark(letter: DeadLetter): Promise<boolean>;
}
