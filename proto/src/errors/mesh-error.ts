import { ERROR_TABLE, type ErrorCode, type Outcome, type StatusName } from "./error-table.ts";
import { type Failure, type FailureHints, failure } from "./failure.ts";

const BRAND = Symbol.for("agentmesh.MeshError");
const APP_BRAND = Symbol.for("agentmesh.AppError");

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
  /** The failure itself, as it travels. */
  readonly failure: Failure;
  /** Code of an {@link AppError}; empty otherwise. */
  readonly appCode: string;
  /** Details of an {@link AppError}, parsed; undefined otherwise. */
  readonly details: unknown;
  /** Mark by which copies of this class recognise each other. */
  readonly [BRAND] = true;

  constructor(reason: Failure, options?: ErrorOptions) {
    super(`${reason.code}: ${reason.text}`, options);
    this.name = "MeshError";
    this.failure = reason;
    this.code = reason.code;
    this.status = ERROR_TABLE[reason.code].status;
    this.outcome = reason.outcome;
    this.retryable = reason.retryable;
    this.retryAfterMs = reason.retryAfterMs;
    this.appCode = reason.appCode;
    this.details = parseDetails(reason.details);
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: subclasses inherit it and mean themselves
    return this === MeshError ? hasBrand(value, BRAND) : super[Symbol.hasInstance](value);
  }
}

/**
 * An error of the application: thrown in a handler, its code and details reach the caller. `instanceof` works across
 * copies of the package.
 */
export class AppError extends Error {
  /** Code that callers match on; any text that the application chooses. */
  readonly code: string;
  /** Anything that JSON can carry, up to 256 KiB; what it cannot carry is left out and the caller's text says so. */
  readonly details: unknown;
  /** Whether no other attempt can cure it: an event that fails with it is a dead letter at once. */
  readonly permanent: boolean;
  /** Mark by which copies of this class recognise each other. */
  readonly [APP_BRAND] = true;

  /** `options.permanent` tells that no other attempt can cure it. Default: false. */
  constructor(
    code: string,
    message: string,
    details?: unknown,
    options?: ErrorOptions & { readonly permanent?: boolean },
  ) {
    super(message, options);
    this.name = "AppError";
    this.permanent = options?.permanent ?? false;
    this.code = code;
    this.details = details;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: subclasses inherit it and mean themselves
    return this === AppError ? hasBrand(value, APP_BRAND) : super[Symbol.hasInstance](value);
  }
}

function hasBrand(value: unknown, brand: symbol): boolean {
  return typeof value === "object" && value !== null && brand in value;
}

/** What an error of ours says, as it travels; any other error is a defect of whoever threw it: `INTERNAL`. */
export function failureOf(error: unknown): Failure {
  if (error instanceof MeshError) return error.failure;
  return failure("INTERNAL", error instanceof Error ? error.message : String(error));
}

/** A MeshError of this code, for callers that throw. */
export function meshError(
  code: ErrorCode,
  text?: string,
  hints?: FailureHints & ErrorOptions,
): MeshError {
  const options = hints?.cause === undefined ? undefined : { cause: hints.cause };
  return new MeshError(failure(code, text, hints), options);
}

/** An `INVALID_ARGUMENT` error. */
export function invalid(text: string): MeshError {
  return meshError("INVALID_ARGUMENT", text);
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
