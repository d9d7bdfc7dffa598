import type { CreateDeadLetterStore } from "./dead-letter-samples.ts";

/** One thing that every store of dead letters must do. */
export interface DeadLetterCase {
  readonly name: string;
  /** Rejects with an AssertionError when it does not hold. */
  readonly run: (create: CreateDeadLetterStore) => Promise<void>;
}
