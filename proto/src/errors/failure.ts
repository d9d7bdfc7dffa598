import { ERROR_TABLE, type ErrorCode, type Outcome } from "./error-table.ts";

/** A failure as a value: what crosses the wire and what a MeshError is made of. */
export interface Failure {
  /** Stable name of the failure. */
  readonly code: ErrorCode;
  /** One sentence for people. */
  readonly text: string;
  /** Whether the handler ran. */
  readonly outcome: Outcome;
  /** Whether a repetition cannot duplicate anything. */
  readonly retryable: boolean;
  /** Code of an application error; empty otherwise. */
  readonly appCode: string;
  /** Details of an application error as JSON bytes; undefined otherwise. */
  readonly details: Uint8Array | undefined;
  /** Milliseconds after which a repetition makes sense; 0 without such a hint. */
  readonly retryAfterMs: number;
  /** Stack trace for dead letters; empty when unknown. Never sent to callers. */
  readonly stack: string;
}

/** What a site that fails may know better than the table. */
export type FailureHints = Partial<Omit<Failure, "code" | "text">>;

/** The failure `code` with the table's outcome and retryability, unless `hints` know better. */
export function failure(code: ErrorCode, text?: string, hints: FailureHints = {}): Failure {
  const row = ERROR_TABLE[code];
  return {
    code,
    text: text === undefined ? row.text : text,
    outcome: hints.outcome ?? row.outcome,
    retryable: hints.retryable ?? row.retryable,
    appCode: hints.appCode ?? "",
    details: hints.details,
    retryAfterMs: hints.retryAfterMs ?? 0,
    stack: hints.stack ?? "",
  };
}
