import { type Failure, failure } from "@agentmesh/proto";
import type { DurableTerms } from "../model/durable-subscription.ts";

/** How an attempt has failed, as far as it matters for the next one. */
export interface FailedAttempt {
  /** Attempts that have failed, this one included. */
  readonly failures: number;
  /** Whether no other attempt can cure it. */
  readonly permanent: boolean;
  /** Milliseconds since the event was accepted. */
  readonly ageMs: number;
}

/** Milliseconds after which an event is tried again; undefined when it is given up. */
export function retryDelay(terms: DurableTerms, attempt: FailedAttempt): number | undefined {
  if (attempt.permanent || attempt.failures >= terms.maxAttempts) return undefined;
  if (attempt.ageMs >= terms.retentionMs) return undefined;
  return Math.min(terms.maxRetryMs, terms.backoffMs * 2 ** (attempt.failures - 1));
}

/** Why an event is given up whose handler wants it later again and again. */
export function tooOftenLater(attempts: number): Failure {
  return failure("HANDLER_FAILED", `its handler asked for it later, ${attempts} attempts in all`);
}
