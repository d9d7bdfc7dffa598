import { resolve } from "node:path";
import { wrongUse } from "./complaint.ts";

/** What the command line asks for. */
export interface ReviewOptions {
  /** Absolute path of the folder to review. */
  readonly folder: string;
  /** Whether to end when all verdicts are in, instead of serving until interrupted. */
  readonly exit: boolean;
  /** Whether to run all agents in this process, without a host. */
  readonly local: boolean;
  /** Where to write the verdicts as JSON; for tests that compare two runs. */
  readonly verdictsFile: string | undefined;
}

export const USAGE = "npm start -- [folder] [--exit] [--local]";

/**
 * Reads the command line.
 * @throws Complaint when it makes no sense.
 */
export function readOptions(args: readonly string[], defaultFolder: string): ReviewOptions {
  const folders: string[] = [];
  const flags = new Set<string>();
  let verdictsFile: string | undefined;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    if (arg === "--exit" || arg === "--local") flags.add(arg);
    else if (arg === "--verdicts") verdictsFile = fileAfter(arg, args[++at]);
    else if (arg.startsWith("-")) throw wrongUse(`unknown flag ${arg}; usage: ${USAGE}`);
    else folders.push(arg);
  }
  if (folders.length > 1) {
    throw wrongUse(`one folder at a time, not ${folders.join(" and ")}; usage: ${USAGE}`);
  }
  const folder = resolve(folders[0] ?? defaultFolder);
  return { folder, exit: flags.has("--exit"), local: flags.has("--local"), verdictsFile };
}

function fileAfter(flag: string, value: string | undefined): string {
  if (value === undefined || value === "" || value.startsWith("-")) {
    throw wrongUse(`${flag} needs the name of a file behind it`);
  }
  return resolve(value);
}
