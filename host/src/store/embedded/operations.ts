/**
 * What the thread of the database can be asked for. Everything here crosses from one thread to the other, so it is
 * plain data: no class survives.
 */
import type { DurableSubscription, Position } from "../../model/durable-subscription.ts";
import type { DeadLetterCounts } from "../dead-letter-store.ts";
import type { EventCount, EventQuery, PublisherMark, WriteOutcome } from "../ports.ts";

/** An agent or topic as plain data: its two parts. */
export type Pair = readonly [string, string];

/** An event as plain data. */
export interface PlainEvent {
  readonly id: number;
  readonly namespace: string;
  readonly topic: Pair;
  readonly sender: Pair | undefined;
  readonly resent: boolean;
  readonly acceptedUnixMs: number;
  readonly content: Uint8Array;
}

/** An event of the log as plain data. */
export interface PlainLoggedEvent extends PlainEvent {
  readonly sequence: number;
  /** What is wrong with it; undefined when it is as it was written. */
  readonly damage?: string | undefined;
}

/** A subscription with its positions as plain data. */
export interface PlainSubscription {
  readonly subscription: DurableSubscription;
  readonly revision: number;
  readonly positions: readonly (readonly [
    number,
    { readonly position: Position; readonly revision: number },
  ])[];
}

/** A dead letter as plain data: what is asked for by itself, and the rest as JSON. */
export interface PlainLetter {
  readonly namespace: string;
  readonly id: number;
  readonly target: Pair;
  readonly subscription: string;
  readonly topicType: string | undefined;
  readonly code: string;
  readonly parkedUnixMs: number;
  /** What it counts against the limit of bytes. */
  readonly bytes: number;
  readonly record: string;
  readonly content: Uint8Array;
  /** The agent that it is on its way to; undefined while it is parked. */
  readonly replayTarget: Pair | undefined;
  /** What is wrong with `record` and `content`; undefined when they are as they were written. */
  readonly damage?: string | undefined;
}

/** What names a dead letter, as plain data. */
export type PlainLetterName = Pick<PlainLetter, "namespace" | "id" | "target" | "subscription">;

/** A dead letter that is to be delivered again, as plain data. */
export interface PlainReplay {
  readonly letter: PlainLetterName;
  readonly to: Pair;
}

/** A part of what is on its way; `next` is 0 on the last. */
export interface PlainReplayPage {
  readonly replays: readonly (PlainReplay & { readonly bytes: number })[];
  readonly next: number;
}

/** Asks for dead letters behind the number `after`. */
export interface PlainLetterQuery {
  readonly namespace: string;
  readonly after: number;
  readonly through?: number | undefined;
  readonly limit: number;
  readonly subscription?: string | undefined;
  readonly agentType?: string | undefined;
  readonly agentKey?: string | undefined;
  readonly topicType?: string | undefined;
  readonly code?: string | undefined;
  readonly sinceUnixMs?: number | undefined;
  readonly untilUnixMs?: number | undefined;
  readonly ids?: readonly number[] | undefined;
}

/** A page of dead letters; `next` is 0 on the last. */
export interface PlainLetterPage {
  readonly letters: readonly PlainLetter[];
  readonly next: number;
}

/** Names the state of an agent. */
export interface PlainStateKey {
  readonly namespace: string;
  readonly agent: Pair;
}

/** The state of an agent as plain data. */
export interface PlainState {
  readonly schemaVersion: number;
  readonly contentType: string;
  readonly data: Uint8Array;
  readonly revision: number;
}

type SubscriptionName = { readonly namespace: string; readonly name: string };

/** Every question by its name: what is asked, what is answered. */
export interface Operations {
  readonly appendEvents: [
    {
      readonly partition: number;
      readonly events: readonly PlainEvent[];
      readonly mark?: PublisherMark;
    },
    number,
  ];
  readonly lastEvent: [{ readonly partition: number }, number];
  readonly readEvents: [
    EventQuery & { readonly partition: number },
    { readonly events: readonly PlainLoggedEvent[]; readonly through: number },
  ];
  readonly countEvents: [EventQuery & { readonly partition: number }, EventCount];
  readonly trimEvents: [{ readonly partition: number; readonly through: number }, boolean];
  readonly latestMarks: [{ readonly limit: number }, readonly PublisherMark[]];
  readonly listSubscriptions: [undefined, readonly PlainSubscription[]];
  readonly createSubscription: [
    {
      readonly subscription: DurableSubscription;
      readonly partition: number;
      readonly position: Position;
    },
    WriteOutcome,
  ];
  readonly updateSubscription: [
    { readonly subscription: DurableSubscription; readonly revision: number },
    WriteOutcome,
  ];
  readonly removeSubscription: [SubscriptionName & { readonly revision: number }, WriteOutcome];
  readonly advanceSubscription: [
    SubscriptionName & {
      readonly partition: number;
      readonly position: Position;
      readonly revision: number;
    },
    WriteOutcome,
  ];
  readonly notedNumber: [undefined, number];
  readonly noteNumber: [{ readonly number: number }, undefined];
  readonly loadState: [PlainStateKey, PlainState | undefined];
  readonly saveState: [PlainStateKey & PlainState, WriteOutcome];
  readonly removeState: [PlainStateKey & { readonly revision: number }, WriteOutcome];
  readonly addLetter: [PlainLetter, undefined];
  readonly removeLetters: [{ readonly letters: readonly PlainLetterName[] }, number];
  readonly dropLetters: [{ readonly before: number }, number];
  readonly countLetters: [undefined, DeadLetterCounts];
  readonly countLettersOf: [SubscriptionName & { readonly most: number }, number];
  readonly listLetters: [PlainLetterQuery, PlainLetterPage];
  readonly lastLetter: [undefined, number];
  readonly getLetter: [
    {
      readonly namespace: string;
      readonly id: number;
      readonly target: Pair | undefined;
      readonly subscription: string | undefined;
    },
    PlainLetter | undefined,
  ];
  readonly startReplays: [{ readonly orders: readonly PlainReplay[] }, readonly boolean[]];
  readonly listReplays: [{ readonly after: number; readonly limit: number }, PlainReplayPage];
  readonly reparkLetter: [PlainLetter, boolean];
}

/** Name of a question. */
export type OperationName = keyof Operations;
/** What is asked. */
export type Question<Name extends OperationName> = Operations[Name][0];
/** What is answered. */
export type Answer<Name extends OperationName> = Operations[Name][1];

/** Carries out the questions of one role. */
export type Handlers<Names extends OperationName> = {
  readonly [Name in Names]: (question: Question<Name>) => Answer<Name>;
};
