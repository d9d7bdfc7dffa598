import { type Failure, failure } from "@agentmesh/proto";

/** What is wrong with a store. Only `full` passes by itself. */
export type StoreProblemKind =
  | "in-use"
  | "unwritable"
  | "unknown-format"
  | "damaged"
  | "full"
  | "failed";

/** Why a store cannot be used, in one sentence for people that names the file and what to do. */
export interface PlainProblem {
  readonly kind: StoreProblemKind;
  readonly text: string;
}

/** A problem as it is thrown within the thread of a database. */
export class StoreProblem extends Error implements PlainProblem {
  readonly kind: StoreProblemKind;

  constructor(kind: StoreProblemKind, text: string, options?: ErrorOptions) {
    super(text, options);
    this.name = "StoreProblem";
    this.kind = kind;
  }

  get text(): string {
    return this.message;
  }
}

const RETRY_FULL_MS = 1_000;

/** The problem that an error of SQLite or of the file system stands for. */
export function problemOf(error: unknown, file: string): StoreProblem {
  if (error instanceof StoreProblem) return error;
  const code = codeOf(error);
  const detail = error instanceof Error ? error.message : String(error);
  const options = { cause: error };
  if (code === "SQLITE_BUSY" || code === "SQLITE_LOCKED") {
    return new StoreProblem("in-use", `${file} is in use by another host`, options);
  }
  if (code === "SQLITE_FULL" || code === "ENOSPC") {
    return new StoreProblem("full", `the disk that holds ${file} is full: make room`, options);
  }
  if (code === "SQLITE_NOTADB" || code.startsWith("SQLITE_CORRUPT")) {
    return damaged(file, detail, options);
  }
  if (UNWRITABLE.some((prefix) => code.startsWith(prefix))) {
    return new StoreProblem("unwritable", `${file} cannot be written: ${detail}`, options);
  }
  return new StoreProblem("failed", `${file} cannot be used any more: ${detail}`, options);
}

/** The file is not what was written. */
export function damaged(file: string, detail: string, options?: ErrorOptions): StoreProblem {
  const advice = "restore a backup, or start with another folder";
  return new StoreProblem("damaged", `${file} is damaged (${detail}): ${advice}`, options);
}

/** A problem as who asked is told of it. */
export function failureOfProblem({ kind, text }: PlainProblem): Failure {
  const isTransient = kind === "full";
  return failure("STORE_UNAVAILABLE", text, {
    retryable: isTransient,
    retryAfterMs: isTransient ? RETRY_FULL_MS : 0,
    // What failed while it was synced may be found on the disk later.
    outcome: kind === "failed" ? "unknown" : "not-executed",
  });
}

const UNWRITABLE = [
  "SQLITE_READONLY",
  "SQLITE_CANTOPEN",
  "SQLITE_PERM",
  "EACCES",
  "EROFS",
  "EPERM",
];

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
