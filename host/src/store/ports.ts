import type { AgentId, ErrorCode } from "@agentmesh/proto";
import type { DeadLetter } from "../model/dead-letter.ts";

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

/**
 * Keeps messages that could not be handled. Every implementation passes `deadLetterCases`.
 *
 * 1. A namespace never sees letters of another one.
 * 2. A page holds letters in the order in which they were added; paging sees each letter once, also while letters are
 *    added and dropped.
 * 3. At a limit the oldest letters go, whatever their namespace, and `dropped` counts them. A letter that is larger
 *    than all that may be kept is dropped itself.
 */
export interface DeadLetterStore {
  /** Letters kept. */
  readonly size: number;
  /** Letters dropped for want of room, since the start. */
  readonly dropped: number;
  /** Parks a letter. Never throws. */
  add(letter: DeadLetter): void;
  /** A page of letters. Rejects with `INVALID_ARGUMENT` for a cursor that this store did not make. */
  list(query: DeadLetterQuery): Promise<DeadLetterPage>;
  /** One letter; undefined when it is not kept. */
  get(key: DeadLetterKey): Promise<DeadLetter | undefined>;
  /** Removes letters that it has listed; those that are not kept any more do not count. @returns how many it removed. */
  remove(letters: readonly DeadLetter[]): Promise<number>;
}
