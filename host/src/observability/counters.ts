import { ERROR_TABLE, type ErrorCode } from "@agentmesh/proto";

/** How often things have happened since the host started. Plain fields: whoever does a thing adds to its number. */
export interface Counters {
  /** Sends taken from workers and clients. */
  sends: number;
  /** Sends settled, in whatever way. */
  results: number;
  /** Chunks of replies passed on. */
  chunks: number;
  /** Events accepted. */
  publishes: number;
  /** Deliveries handed to workers, redeliveries included. */
  deliveries: number;
  /** Deliveries handed to a worker for a second or later time. */
  redeliveries: number;
  /** Frames refused because their activation had ended. */
  staleFrames: number;
  /** Deliveries of ephemeral events dropped because no worker could take them. */
  eventsDropped: number;
  /** Messages parked as dead letters, again after a replay too. */
  deadLetters: number;
  /** Dead letters that were replayed and handled. */
  deadLettersReplayed: number;
  /** Sessions begun. */
  sessionsOpened: number;
  /** Broken streams that came back in time. */
  sessionsResumed: number;
  /** Leases that ran out. */
  sessionsLapsed: number;
  /** Sessions ended, in whatever way. */
  sessionsEnded: number;
  /** Activations begun. */
  activations: number;
  /** Failures told to callers, by code. */
  readonly failures: Record<ErrorCode, number>;
}

/** Counters at zero. */
export function createCounters(): Counters {
  return {
    sends: 0,
    results: 0,
    chunks: 0,
    publishes: 0,
    deliveries: 0,
    redeliveries: 0,
    staleFrames: 0,
    eventsDropped: 0,
    deadLetters: 0,
    deadLettersReplayed: 0,
    sessionsOpened: 0,
    sessionsResumed: 0,
    sessionsLapsed: 0,
    sessionsEnded: 0,
    activations: 0,
    failures: zeroPerCode(),
  };
}

/**
 * The counters by name: `stale_frames`, and `failures.WORKER_LOST` for those codes that occurred.
 */
export function snapshot(counters: Counters): Map<string, number> {
  const { failures, ...numbers } = counters;
  const named = new Map<string, number>();
  for (const [name, value] of Object.entries(numbers)) named.set(snakeCase(name), value);
  for (const [code, value] of Object.entries(failures)) {
    if (value > 0) named.set(`failures.${code}`, value);
  }
  return named;
}

function zeroPerCode(): Record<ErrorCode, number> {
  const codes = Object.keys(ERROR_TABLE) as ErrorCode[];
  return Object.fromEntries(codes.map((code) => [code, 0])) as Record<ErrorCode, number>;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
