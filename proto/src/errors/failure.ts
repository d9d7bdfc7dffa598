import { LIMITS } from "../limits.ts";
import { ERROR_TABLE, type ErrorCode, type Outcome } from "./error-table.ts";

/**
 * A failure as a value: what crosses the wire and what a MeshError is made of. {@link failure} makes all of them, and
 * cuts what is long: no error grows into a frame that the stream cannot take.
 */
export interface Failure {
  /** Stable name of the failure. */
  readonly code: ErrorCode;
  /** One sentence for people; cut after 8 192 characters. */
  readonly text: string;
  /** Whether the handler ran. */
  readonly outcome: Outcome;
  /** Whether a repetition cannot duplicate anything. */
  readonly retryable: boolean;
  /** Code of an application error, cut after 8 192 characters; empty otherwise. */
  readonly appCode: string;
  /** Details of an application error as JSON bytes; undefined otherwise. */
  readonly details: Uint8Array | undefined;
  /** Milliseconds after which a repetition makes sense; 0 without such a hint. */
  readonly retryAfterMs: number;
  /** Stack trace for dead letters, cut after 32 768 characters; empty when unknown. Never sent to callers. */
  readonly stack: string;
}

/** What a site that fails may know better than the table. */
export type FailureHints = Partial<Omit<Failure, "code" | "text">>;

/** The failure `code` with the table's outcome and retryability, unless `hints` know better. */
export function failure(code: ErrorCode, text?: string, hints: FailureHints = {}): Failure {
  const row = ERROR_TABLE[code];
  return {
    code,
    text: text === undefined ? row.text : cut(text, LIMITS.errorTextChars),
    outcome: hints.outcome ?? row.outcome,
    retryable: hints.retryable ?? row.retryable,
    appCode: cut(hints.appCode ?? "", LIMITS.errorTextChars),
    details: hints.details,
    retryAfterMs: hints.retryAfterMs ?? 0,
    stack: cut(hints.stack ?? "", LIMITS.errorStackChars),
  };
}

/** The beginning of a text, as far as there is room for it. */
export function cut(text: string, mostChars: number): string {
  return text.length > mostChars ? `${text.slice(0, mostChars)}…` : text;
}
