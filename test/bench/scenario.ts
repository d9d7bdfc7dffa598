/**
 * What is measured, as data that travels to the client process of a contender: the same for every
 * system, so that no system gets a load of its own.
 */

/** Bytes of the payload of every message. */
export const PAYLOAD_BYTES = 256;

/** Agents, or subjects, that the sends go to in turn. */
export const KEY_COUNT = 16;

/**
 * Calls that one message answers: to an agent, the same typed, and a publish that is
 * acknowledged.
 */
export type CallName = "send" | "send-typed" | "acked-event";

/** Events, by how many subscribers each one has. */
export type EventName = "event-1" | "event-10";

/** Subscribers of each event on the first and on the second worker process. */
export const SUBSCRIBERS: Readonly<Record<EventName, readonly number[]>> = {
  "event-1": [1, 0],
  "event-10": [5, 5],
};

/** One load on one contender; `window` messages are under way at any time. */
export type Scenario =
  | { readonly kind: "calls"; readonly call: CallName; readonly window: number }
  | { readonly kind: "events"; readonly event: EventName; readonly window: number };

/** How long one measurement takes. */
export interface Pace {
  /** Milliseconds of the same load that are not counted. */
  readonly warmUpMs: number;
  /** Milliseconds that are counted, at least. */
  readonly measureMs: number;
  /** Calls that are counted, at least: it goes on past `measureMs` until they are there. */
  readonly minCalls: number;
}

/** What one measurement found. */
export interface Measurement {
  /** Messages delivered while it was counted: replies of calls, handled events by subscriber. */
  readonly delivered: number;
  /** Milliseconds that were counted. */
  readonly elapsedMs: number;
  /** Median time of a call in microseconds; 0 for events. */
  readonly p50Us: number;
  /** 99th percentile of the time of a call in microseconds; 0 for events. */
  readonly p99Us: number;
}
