import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { wrongUse } from "./complaint.ts";

/** What the command line asks for. */
export interface ReviewOptions {
  /** Absolute path of the folder to review. */
  readonly folder: string;
  /** Whether to end when all verdicts are in, instead of serving until interrupted. */
  readonly exit: boolean;
  /** Whether to run all agents in this process, without a host. */
  readonly local: boolean;
  /** Number of worker processes that run reviewers. */
  readonly workers: number;
  /** Where to write the verdicts as JSON; for tests that compare two runs. */
  readonly verdictsFile: string | undefined;
}

export const USAGE = "npm start -- [folder] [--exit] [--local | --workers N]";

const FLAGS = {
  exit: { type: "boolean" },
  local: { type: "boolean" },
  workers: { type: "string" },
  verdicts: { type: "string" },
} as const;
const DEFAULT_WORKERS = 2;
const MOST_WORKERS = 64;

/**
 * Reads the command line.
 * @throws Complaint when it makes no sense.
 */
export function readOptions(args: readonly string[], defaultFolder: string): ReviewOptions {
  const { values, positionals } = parse(args);
  const { exit = false, local = false, workers, verdicts } = values;
  if (positionals.length > 1) {
    throw wrongUse(`one folder at a time, not ${positionals.join(" and ")}; usage: ${USAGE}`);
  }
  if (local && workers !== undefined) {
    throw wrongUse("--local runs all agents in one process: it does not go with --workers");
  }
  return {
    folder: resolve(positionals[0] ?? defaultFolder),
    exit,
    local,
    workers: workersIn(workers),
    verdictsFile: verdicts === undefined ? undefined : resolve(verdicts),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: FLAGS, allowPositionals: true });
  } catch (error) {
    // It goes on about what else could have been meant.
    const [problem] = (error instanceof Error ? error.message : String(error)).split(/\.\s|\n/);
    throw wrongUse(`${problem}; usage: ${USAGE}`);
  }
}

function workersIn(text: string | undefined): number {
  if (text === undefined) return DEFAULT_WORKERS;
  const workers = Number(text);
  if (Number.isInteger(workers) && workers >= 1 && workers <= MOST_WORKERS) return workers;
  throw wrongUse(`--workers takes a number from 1 to ${MOST_WORKERS}, not ${text}`);
}
