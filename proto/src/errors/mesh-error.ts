import { ERROR_TABLE, type ErrorCode, type Outcome, type StatusName } from "./error-table.ts";
import { type Failure, type FailureHints, failure } from "./failure.ts";

const BRAND = Symbol.for("agentmesh.MeshError");

/**
 * The one error that AgentMesh throws. Match on `code`; `outcome` says whether the handler ran and `retryable` whether
 * a repetition is safe. `instanceof` works across copies of the package.
 */
export class MeshError extends Error {
  /** Stable name of the failure. */
  readonly code: ErrorCode;
  /** gRPC status that carries it. */
  readonly status: StatusName;
  /** Whether the handler of the message ran. */
  readonly outcome: Outcome;
  /** Whether repeating the operation cannot duplicate anything. */
  readonly retryable: boolean;
  /** Milliseconds after which a repetition makes sense; 0 without such a hint. */
  readonly retryAfterMs: number;
  /** Code of an {@link AppError}; empty otherwise. */
  readonly appCode: string;
  /** Details of an {@link AppError}, parsed; undefined otherwise. */
  readonly details: unknown;
  /** Mark by which copies of this class recognise each other. */
  readonly [BRAND] = true;

  constructor(reason: Failure, options?: ErrorOptions) {
    super(`${reason.code}: ${reason.text}`, options);
    this.name = "MeshError";
    this.code = reason.code;
    this.status = ERROR_TABLE[reason.code].status;
    this.outcome = reason.outcome;
    this.retryable = reason.retryable;
    this.retryAfterMs = reason.retryAfterMs;
    this.appCode = reason.appCode;
    this.details = parseDetails(reason.details);
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && BRAND in value;
  }
}

/** An error of the application: thrown in a handler, its code and details reach the caller. */
export class AppError extends Error {
  /** Code that callers match on; any text that the application chooses. */
  readonly code: string;
  /** Anything that JSON can carry. */
  readonly details: unknown;

  constructor(code: string, message: string, details?: unknown, options?: ErrorOptions) {
    super(message, options);
    this.name = "AppError";
    this.code = code;
    this.details = details;
  }
}

/** A MeshError of this code, for callers that throw. */
export function meshError(code: ErrorCode, text?: string, hints?: FailureHints & ErrorOptions): MeshError {
  const options = hints?.cause === undefined ? undefined : { cause: hints.cause };
  return new MeshError(failure(code, text, hints), options);
}

/** An `INVALID_ARGUMENT` error. */
export function invalid(text: string): MeshError {
  return meshError("INVALID_ARGUMENT", text);
}

/** What a handler threw, as the failure that its caller is told. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof AppError) return appFailure(thrown);
  if (thrown instanceof MeshError) {
    const text = `${thrown.code}: ${thrown.message.slice(thrown.code.length + 2)}`;
    return failure("HANDLER_FAILED", text, { stack: thrown.stack ?? "" });
  }
  if (thrown instanceof Error) {
    const text = thrown.message === "" ? thrown.name : thrown.message;
    return failure("HANDLER_FAILED", text, { stack: thrown.stack ?? "" });
  }
  return failure("HANDLER_FAILED", `threw ${String(thrown)}`);
}

function appFailure(error: AppError): Failure {
  return failure("APPLICATION", error.message, {
    appCode: error.code,
    details: error.details === undefined ? undefined : Buffer.from(JSON.stringify(error.details)),
    stack: error.stack ?? "",
  });
}

function parseDetails(bytes: Uint8Array | undefined): unknown {
  if (bytes === undefined || bytes.length === 0) return undefined;
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    // Details are a courtesy of the sender: broken ones must not hide the error that they belong to.
    return undefined;
  }
}
