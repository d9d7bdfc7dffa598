import type { DeadLetterLimits } from "../dead-letter-store.ts";
import type { Answer, OperationName, Question } from "./operations.ts";
import type { PlainProblem } from "./store-problem.ts";

/** What the thread is started with. */
export interface ThreadStart {
  readonly folder: string;
  /** Size up to which a file is looked at as a whole before it is used. */
  readonly checkedBytes: number;
  readonly deadLetters: DeadLetterLimits;
}

/** One question. */
export interface Call<Name extends OperationName = OperationName> {
  readonly name: Name;
  readonly question: Question<Name>;
}

/** To the thread, one at a time: the next only when this one was answered. */
export type ThreadOrder =
  /** Carry out these, in this order, as one transaction. */
  | { readonly kind: "calls"; readonly calls: readonly Call[] }
  /** Leave the file as it is from now on, and write to its log only. */
  | { readonly kind: "hold" }
  /** Copy the log to `to`, if that is given, and write to the file again. */
  | { readonly kind: "release"; readonly to: string | undefined }
  | { readonly kind: "close" };

/** What became of one call whose transaction was committed. */
export type CallOutcome =
  | { readonly kind: "answered"; readonly answer: Answer<OperationName> }
  /** It could not be carried out, and changed nothing: what it asks for is damaged. */
  | { readonly kind: "failed"; readonly problem: PlainProblem };

/** From the thread. `usedBytes` of the file are in use: pages that became free are used again. */
export type ThreadWord =
  | { readonly kind: "opened"; readonly usedBytes: number }
  /** The order was carried out, and what it has changed is on the disk, synced. */
  | { readonly kind: "done"; readonly outcomes: readonly CallOutcome[]; readonly usedBytes: number }
  /** The order, or the opening, has failed as a whole, and nothing of it is kept. `isFinal`: so will all others. */
  | { readonly kind: "problem"; readonly problem: PlainProblem; readonly isFinal: boolean };
