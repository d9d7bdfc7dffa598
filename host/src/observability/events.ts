import type { ErrorCode } from "@agentmesh/proto";

/** How loud an event is. `silent` is a setting, not a level of events. */
type EventLevel = "debug" | "info" | "warn" | "error";

/** One kind of log line. `Fields` exists for the compiler only. */
interface EventKind<Fields> {
  readonly level: EventLevel;
  readonly fields?: Fields;
}

function event<Fields extends Readonly<Record<string, string | number | boolean>>>(
  level: EventLevel,
): EventKind<Fields> {
  return { level };
}

/** Names a session in a log line. */
type SessionFields = {
  readonly sessionId: string;
  /** Label of the worker. */
  readonly worker: string;
  readonly namespace: string;
};

/** Names what went wrong in a log line. */
type FailureFields = {
  readonly code: ErrorCode;
  readonly text: string;
};

/**
 * Every log line that the host writes. No field ever holds a payload, a token or other content of messages.
 *
 * `info` tells the life of the host and its sessions; `warn` what someone should look at; `error` defects.
 */
export const EVENTS = {
  /** The host listens. */
  "host.ready": event<{
    hostId: string;
    address: string;
    version: string;
    tls: boolean;
    token: boolean;
  }>("info"),
  /** The host listens on a public address without TLS or without authentication, as it was told to. */
  "host.exposed": event<{ address: string; tls: boolean; authentication: boolean }>("warn"),
  /** The host takes nothing new. */
  "host.draining": event<{ graceMs: number; sessions: number }>("info"),
  /** The host has finished, or the grace is over: so many calls, deliveries and sessions had not. */
  "host.drained": event<{ unfinished: number }>("info"),
  /** The host is closed. */
  "host.closed": event<{ uptimeMs: number }>("info"),

  /** A session began. */
  "session.opened": event<SessionFields & { peer: string; sdk: string; resume: boolean }>("info"),
  /** The stream of a session broke. */
  "session.suspended": event<SessionFields & { reason: string }>("info"),
  /** A broken stream came back. */
  "session.resumed": event<SessionFields & { peer: string }>("info"),
  /** The lease of a broken stream ran out. */
  "session.lapsed": event<SessionFields & { activations: number; inFlight: number }>("warn"),
  /** A worker asked to leave. */
  "session.draining": event<SessionFields & { activations: number }>("info"),
  /** A session is over. */
  "session.ended": event<SessionFields & { reason: string }>("info"),
  /** A session is over because the worker broke the protocol, read too slowly or the like. */
  "session.failed": event<SessionFields & FailureFields>("warn"),
  /** A stream or call was refused before it had a session. */
  "call.refused": event<FailureFields & { peer: string; method: string }>("warn"),

  /** A message was parked. What its handler said is in the dead letter, not here. */
  "message.parked": event<{
    id: number;
    namespace: string;
    target: string;
    code: ErrorCode;
    attempts: number;
    /** Lines of this name left out before this one, because there were too many. */
    leftOut: number;
    crashes: number;
  }>("warn"),
  /** The data folder cannot be used any more: the host drains and closes. */
  "store.broken": event<FailureFields>("error"),
  /** The store refused something of a durable subscription, which is tried again. */
  "store.refused": event<{
    namespace: string;
    subscription: string;
    code: ErrorCode;
    text: string;
    /** Lines of this name left out before this one, because there were too many. */
    leftOut: number;
  }>("error"),
  /** The store refused something of a dead letter that is being replayed, which is tried again. */
  "replay.refused": event<{
    id: number;
    namespace: string;
    target: string;
    code: ErrorCode;
    text: string;
    /** Lines of this name left out before this one, because there were too many. */
    leftOut: number;
  }>("error"),
  /** A message that was to be parked is lost, because the store did not take it. */
  "message.lost": event<{
    id: number;
    namespace: string;
    target: string;
    code: ErrorCode;
    text: string;
    /** Lines of this name left out before this one, because there were too many. */
    leftOut: number;
  }>("error"),
  /** A turn ran too long, and its activation was abandoned. */
  "turn.abandoned": event<{ namespace: string; agent: string; activation: number }>("warn"),
  /** A delivery of an ephemeral event was dropped because no worker could take it. */
  "event.dropped": event<{ id: number; namespace: string; target: string }>("debug"),
  /** A worker spoke of a delivery that is not in flight to the activation that it named. */
  "frame.stale": event<{ instanceId: string; delivery: number; activation: number }>("debug"),
  /** An event was refused, and the protocol of its publisher has no way to say so. */
  "event.refused": event<
    SessionFields &
      FailureFields & {
        /** Lines of this name left out before this one, because there were too many. */
        leftOut: number;
      }
  >("warn"),

  /** The host has a defect; what it concerns is over, the rest goes on. */
  "host.defect": event<{ text: string; stack: string }>("error"),
} as const;

/** Name of a log line. */
export type EventName = keyof typeof EVENTS;

/** Fields that a log line of this name has. */
export type EventFields<Name extends EventName> = NonNullable<(typeof EVENTS)[Name]["fields"]>;
