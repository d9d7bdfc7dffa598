/**
 * What is measured, as data that travels to the client process of a contender: the same for every
 * system, so that no system gets a load of its own.
 */

/** Bytes of the payload of every message. */
export const PAYLOAD_BYTES = 256;

/**
 * Agents, or subjects, that the sends go to in turn: so many that no agent's own window (16 by default) is what a row
 * with 512 in flight measures.
 */
export const KEY_COUNT = 64;

/** Workers that the sends of `spread` go to in turn, and the processes that they live in. */
export const SPREAD_WORKERS = 200;
export const SPREAD_PROCESSES = 4;

/** Chunks of every stream of replies. */
export const STREAM_CHUNKS = 100;

/** Bytes of the large payloads: those of a slow link, and the event that ten agents get. */
export const LARGE_BYTES = 64 * 1024;

/** What a client waits for before it does it again. */
export type CallName =
  /** A message to an agent and its reply. */
  | "send"
  /** The same as validated JSON. */
  | "send-typed"
  /** A publish that its subscriber acknowledges. */
  | "acked-event"
  /** A message that is answered by {@link STREAM_CHUNKS} small chunks. */
  | "stream"
  /** {@link LARGE_BYTES} to an agent that answers with nothing. */
  | "upload"
  /** A small message that is answered by {@link LARGE_BYTES}. */
  | "download"
  /** A send to one of {@link SPREAD_WORKERS} workers. */
  | "spread"
  /** {@link LARGE_BYTES} to each of the ten subscribers of `large-10`. */
  | "upload-10"
  /** An event that is kept on disk, for nobody as yet. */
  | "durable-publish";

/** Messages that one call stands for, where it is more than one. */
export const MESSAGES_PER_CALL: Readonly<Partial<Record<CallName, number>>> = {
  stream: STREAM_CHUNKS,
  "upload-10": 10,
};

/** Events, by how many subscribers each one has; that of `large-10` has {@link LARGE_BYTES}. */
export type EventName = "event-1" | "event-10" | "large-10" | "durable-handled";

/** Subscribers of each event on the first and on the second worker process. */
export const SUBSCRIBERS: Readonly<Record<EventName, readonly number[]>> = {
  "event-1": [1, 0],
  "event-10": [5, 5],
  "large-10": [10, 0],
  "durable-handled": [1],
};

/** Events that are kept on disk: for nobody as yet, and for agents that handle them. */
export const DURABLE_EVENTS = ["durable-kept", "durable-handled"] as const;
export type DurableEvent = (typeof DURABLE_EVENTS)[number];

/** Publishes of durable events under way. */
export const DURABLE_WINDOW = 256;

/** One load on one contender; `window` messages are under way at any time. */
export type Scenario =
  | { readonly kind: "calls"; readonly call: CallName; readonly window: number }
  | { readonly kind: "events"; readonly event: EventName; readonly window: number }
  /** One send to each of `count` agents, which are idle afterwards. */
  | { readonly kind: "keys"; readonly count: number; readonly window: number };

/** What the contenders of the durable rows start with. */
export const DURABLE_LOAD: Scenario = {
  kind: "calls",
  call: "durable-publish",
  window: DURABLE_WINDOW,
};

/** How long one measurement takes. */
export interface Pace {
  /** Milliseconds of the same load that are not counted. */
  readonly warmUpMs: number;
  /** Milliseconds that are counted, at least. */
  readonly measureMs: number;
  /** Calls that are counted, at least: it goes on past `measureMs` until they are there. */
  readonly minCalls: number;
}

/** What a load found. */
export interface LoadMeasurement {
  readonly kind: "load";
  /** Messages delivered while it was counted: replies, chunks, handled events by subscriber. */
  readonly delivered: number;
  /** Milliseconds that were counted. */
  readonly elapsedMs: number;
  /** Median time of a call in microseconds; 0 for events. */
  readonly p50Us: number;
  /** 99th percentile of the time of a call in microseconds; 0 for events. */
  readonly p99Us: number;
  /** Messages delivered before, while and after it was counted. */
  readonly total: number;
  /** Bytes on the wire for each of them, both ways; 0 where they are not metered. */
  readonly wireBytes: number;
}

/** What many agents cost. */
export interface MemoryMeasurement {
  readonly kind: "memory";
  /** The most resident memory that host and worker had together. */
  readonly peakBytes: number;
  /** Resident memory beyond that before the load, when all agents were idle. */
  readonly leftBytes: number;
}

/** What one measurement found. */
export type Measurement = LoadMeasurement | MemoryMeasurement;
