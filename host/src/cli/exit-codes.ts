import type { ErrorCode } from "@agentmesh/proto";

/** How `agentmesh` ends. Every help lists the same. */
export const EXIT = {
  /** Done; for a host: drained. */
  ok: 0,
  /** A defect, or something that no other code is for. */
  failed: 1,
  /** The command line, the environment or the request asks for something that is not allowed. */
  usage: 2,
  /** A file or folder that the options name cannot be used. */
  config: 3,
  /** The address to listen on cannot be had. */
  address: 4,
  /** No host answers. */
  unreachable: 5,
  /** The host does not accept who calls. */
  denied: 6,
  /** The message was taken, and its handling failed. */
  rejected: 7,
  /** The deadline has passed. */
  timeout: 8,
  /** What was named does not exist. */
  notFound: 9,
  /** The host takes nothing now: later it may. */
  busy: 10,
} as const;

/** Name of an exit code. */
export type ExitName = keyof typeof EXIT;

/** What each exit code says, for the help. */
export const EXIT_TEXTS: Readonly<Record<ExitName, string>> = {
  ok: "done; a host has drained",
  failed: "a defect, or something that no other code is for",
  usage: "wrong options or arguments, or a request that is not allowed",
  config: "a file or the data folder cannot be used",
  address: "a host cannot have the address to listen on",
  unreachable: "no host answers: see agentmesh doctor",
  denied: "the host does not accept the token",
  rejected: "the message was taken, and its handling failed",
  timeout: "the deadline has passed",
  notFound: "no such agent type, worker, subscription or dead letter",
  busy: "the host is full or draining: try again later",
};

/** What a failure that a host has told means for the exit code. */
export const EXIT_OF: Readonly<Record<ErrorCode, ExitName>> = {
  AGENT_TYPE_UNKNOWN: "notFound",
  WORKER_LOST: "rejected",
  MAILBOX_FULL: "busy",
  DEADLINE_EXCEEDED: "timeout",
  CANCELLED: "failed",
  HANDLER_FAILED: "rejected",
  APPLICATION: "rejected",
  MESSAGE_UNHANDLED: "rejected",
  PAYLOAD_INVALID: "rejected",
  PAYLOAD_TOO_LARGE: "usage",
  INVALID_ARGUMENT: "usage",
  ACTIVATION_FAILED: "rejected",
  ACTIVATION_STALE: "rejected",
  TURN_ABANDONED: "rejected",
  CHAIN_TOO_DEEP: "rejected",
  OVERLOADED: "busy",
  HOST_DRAINING: "busy",
  CONNECTION_LOST: "unreachable",
  UNAUTHENTICATED: "denied",
  FORBIDDEN: "denied",
  PROTOCOL_VIOLATION: "failed",
  VERSION_UNSUPPORTED: "failed",
  SESSION_SUPERSEDED: "failed",
  SUBSCRIPTION_CONFLICT: "failed",
  SUBSCRIPTION_UNKNOWN: "notFound",
  AGENT_TYPE_TAKEN: "failed",
  STATE_CONFLICT: "rejected",
  STREAM_OVERRUN: "rejected",
  SLOW_CONSUMER: "busy",
  CLOSED: "failed",
  INTERNAL: "failed",
  UNIMPLEMENTED: "failed",
  MESSAGE_DROPPED: "rejected",
  STORE_UNAVAILABLE: "busy",
  NOT_FOUND: "notFound",
};

/** How signals are counted: a program that a signal ended has 128 more than its number as exit code. */
const SIGNAL_NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const;

/** A signal that asks the program to end. */
export type EndSignal = keyof typeof SIGNAL_NUMBERS;

/** All of them. */
export const END_SIGNALS = Object.keys(SIGNAL_NUMBERS) as EndSignal[];

/** Exit code of a program that this signal ended before it had finished. */
export function exitCodeOf(signal: EndSignal): number {
  return 128 + SIGNAL_NUMBERS[signal];
}

/** The exit codes for the end of a help. */
export function exitCodesHelp(): string {
  const lines = Object.entries(EXIT_TEXTS).map(
    ([name, text]) => `  ${String(EXIT[name as ExitName]).padStart(3)}  ${text}`,
  );
  return ["Exit codes:", ...lines, "  130, 143  ended by Ctrl-C or SIGTERM"].join("\n");
}
