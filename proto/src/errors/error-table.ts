/** Whether the handler of a failed message ran. */
export type Outcome = "not-executed" | "unknown" | "executed";

/** gRPC status names that the table uses. */
export type StatusName =
  | "CANCELLED"
  | "INVALID_ARGUMENT"
  | "DEADLINE_EXCEEDED"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "PERMISSION_DENIED"
  | "RESOURCE_EXHAUSTED"
  | "FAILED_PRECONDITION"
  | "ABORTED"
  | "UNIMPLEMENTED"
  | "INTERNAL"
  | "UNAVAILABLE"
  | "UNKNOWN"
  | "UNAUTHENTICATED";

/** Numbers of the gRPC status names. */
export const GRPC_STATUS: Readonly<Record<StatusName, number>> = {
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
};

/** What the table says of one code. */
export interface ErrorEntry {
  /** Number on the wire. */
  readonly number: number;
  /** The gRPC status that carries it. */
  readonly status: StatusName;
  /** Whether the handler ran, unless the site that fails knows better. */
  readonly outcome: Outcome;
  /** Whether a repetition is safe and may help, unless the site that fails knows better. */
  readonly retryable: boolean;
  /** What it means and what to do, in one sentence for people. */
  readonly text: string;
}

function entry(
  number: number,
  status: StatusName,
  outcome: Outcome,
  retryable: boolean,
  text: string,
): ErrorEntry {
  return { number, status, outcome, retryable, text };
}

/**
 * Every way in which the mesh fails: the one table behind the wire's ErrorCode, MeshError and the documentation. A
 * number is never given to another code.
 */
export const ERROR_TABLE = {
  AGENT_TYPE_UNKNOWN: entry(
    1,
    "NOT_FOUND",
    "not-executed",
    true,
    "no worker announced this agent type; start one, or check the name and the namespace",
  ),
  WORKER_LOST: entry(
    2,
    "UNAVAILABLE",
    "unknown",
    false,
    "the worker was lost before it settled the message; the handler may have run",
  ),
  MAILBOX_FULL: entry(
    3,
    "RESOURCE_EXHAUSTED",
    "not-executed",
    true,
    "the agent has too many messages waiting; send more slowly or spread over more keys",
  ),
  DEADLINE_EXCEEDED: entry(
    4,
    "DEADLINE_EXCEEDED",
    "unknown",
    false,
    "the deadline passed; allow more time or find out what the agent waits for",
  ),
  CANCELLED: entry(5, "CANCELLED", "unknown", false, "the caller gave up"),
  HANDLER_FAILED: entry(
    6,
    "UNKNOWN",
    "executed",
    false,
    "the handler threw; its log or the dead letter has the stack",
  ),
  APPLICATION: entry(
    7,
    "UNKNOWN",
    "executed",
    false,
    "the handler answered with an application error",
  ),
  MESSAGE_UNHANDLED: entry(
    8,
    "UNIMPLEMENTED",
    "not-executed",
    false,
    "the agent has no handler for this message type",
  ),
  PAYLOAD_INVALID: entry(
    9,
    "INVALID_ARGUMENT",
    "not-executed",
    false,
    "the payload does not fit its message type",
  ),
  PAYLOAD_TOO_LARGE: entry(
    10,
    "INVALID_ARGUMENT",
    "not-executed",
    false,
    "the payload is larger than the host allows; send less or raise max-payload-bytes",
  ),
  INVALID_ARGUMENT: entry(
    11,
    "INVALID_ARGUMENT",
    "not-executed",
    false,
    "an argument breaks its grammar or range",
  ),
  ACTIVATION_FAILED: entry(
    12,
    "FAILED_PRECONDITION",
    "not-executed",
    false,
    "the agent could not be created: its factory or initial state failed",
  ),
  ACTIVATION_STALE: entry(
    13,
    "ABORTED",
    "not-executed",
    false,
    "the agent lives elsewhere by now; this turn can have no effect any more",
  ),
  TURN_ABANDONED: entry(
    14,
    "ABORTED",
    "unknown",
    false,
    "the turn ran longer than allowed and was abandoned",
  ),
  CHAIN_TOO_DEEP: entry(
    15,
    "FAILED_PRECONDITION",
    "not-executed",
    false,
    "too many nested sends; agents probably call each other in a circle",
  ),
  OVERLOADED: entry(
    16,
    "RESOURCE_EXHAUSTED",
    "not-executed",
    true,
    "a limit of the host is reached; try again after the hint",
  ),
  HOST_DRAINING: entry(
    17,
    "UNAVAILABLE",
    "not-executed",
    true,
    "the host is shutting down; connect elsewhere or try again",
  ),
  CONNECTION_LOST: entry(
    18,
    "UNAVAILABLE",
    "unknown",
    false,
    "the connection to the host was lost and could not be resumed",
  ),
  UNAUTHENTICATED: entry(
    19,
    "UNAUTHENTICATED",
    "not-executed",
    false,
    "the credentials are missing or wrong",
  ),
  FORBIDDEN: entry(
    20,
    "PERMISSION_DENIED",
    "not-executed",
    false,
    "the credentials do not permit this",
  ),
  PROTOCOL_VIOLATION: entry(
    21,
    "INVALID_ARGUMENT",
    "unknown",
    false,
    "the peer broke the protocol",
  ),
  VERSION_UNSUPPORTED: entry(
    22,
    "FAILED_PRECONDITION",
    "not-executed",
    false,
    "host and worker share no protocol version; upgrade the older one",
  ),
  SESSION_SUPERSEDED: entry(
    23,
    "ABORTED",
    "unknown",
    false,
    "a newer stream of the same session took over",
  ),
  SUBSCRIPTION_CONFLICT: entry(
    24,
    "ALREADY_EXISTS",
    "not-executed",
    false,
    "a subscription of this name or id exists with other options",
  ),
  SUBSCRIPTION_UNKNOWN: entry(
    25,
    "NOT_FOUND",
    "not-executed",
    false,
    "there is no such subscription",
  ),
  AGENT_TYPE_TAKEN: entry(
    26,
    "ALREADY_EXISTS",
    "not-executed",
    false,
    "this runtime has registered the agent type already",
  ),
  STATE_CONFLICT: entry(
    27,
    "ABORTED",
    "executed",
    false,
    "the stored state has another revision than the turn started from",
  ),
  STREAM_OVERRUN: entry(
    28,
    "RESOURCE_EXHAUSTED",
    "executed",
    false,
    "the stream of replies sent more than its credit",
  ),
  SLOW_CONSUMER: entry(
    29,
    "RESOURCE_EXHAUSTED",
    "unknown",
    false,
    "the peer read too slowly for too long",
  ),
  CLOSED: entry(30, "FAILED_PRECONDITION", "not-executed", false, "the runtime is closed"),
  INTERNAL: entry(
    31,
    "INTERNAL",
    "unknown",
    false,
    "a defect of AgentMesh; please report it with the text",
  ),
  UNIMPLEMENTED: entry(
    32,
    "UNIMPLEMENTED",
    "not-executed",
    false,
    "this host or SDK does not offer the operation",
  ),
  MESSAGE_DROPPED: entry(
    33,
    "ABORTED",
    "not-executed",
    false,
    "an interceptor dropped the message",
  ),
  STORE_UNAVAILABLE: entry(
    34,
    "UNAVAILABLE",
    "not-executed",
    true,
    "the store refused; nothing was accepted",
  ),
  NOT_FOUND: entry(35, "NOT_FOUND", "not-executed", false, "there is no such thing"),
} as const satisfies Record<string, ErrorEntry>;

/** Stable name of a failure. Match on this, never on the text. */
export type ErrorCode = keyof typeof ERROR_TABLE;

const BY_NUMBER = new Map<number, ErrorCode>(
  (Object.keys(ERROR_TABLE) as ErrorCode[]).map((code) => [ERROR_TABLE[code].number, code]),
);

/** The code with this number on the wire; `INTERNAL` for a number that this version does not know. */
export function errorCodeOf(number: number): ErrorCode {
  return BY_NUMBER.get(number) ?? "INTERNAL";
}
