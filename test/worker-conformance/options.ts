/** The command line of the runner. */
import { parseArgs } from "node:util";
import { REQUIREMENTS } from "./requirements.ts";
import type { Trial } from "./run.ts";

export interface RunnerOptions extends Trial {
  /** Whether the result is printed as JSON. */
  readonly json: boolean;
}

export const USAGE = `npm run conformance -- --worker "<command>" [--only <ids>] [--json] [--limit-ms <n>]

Runs a worker against a host that misbehaves on purpose, and prints which of the numbered requirements of
proto/README.md it meets. The command finds the address to connect to in the variable AGENTMESH_ADDRESS.

  --worker <command>   starts the worker; a shell reads it
  --only <ids>         tries these requirements, for example W11,W12 (default: all)
  --json               print the result as JSON
  --limit-ms <n>       milliseconds that the worker may take for each answer, 100 to 60000 (default 5000)

Exit code: 0 when everything that was tried is met, 1 when something is broken, 2 when it could not be run.`;

/** @throws Error that says what is wrong. */
export function parseOptions(args: readonly string[]): RunnerOptions | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      worker: { type: "string" },
      only: { type: "string" },
      json: { type: "boolean", default: false },
      "limit-ms": { type: "string", default: "5000" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  if (values.worker === undefined || values.worker.trim() === "")
    throw new Error(
      '--worker is missing: say how to start the worker, as --worker "python worker.py"',
    );
  const limitMs = Number(values["limit-ms"]);
  if (!Number.isInteger(limitMs) || limitMs < 100 || limitMs > 60_000)
    throw new Error(`--limit-ms ${values["limit-ms"]} is not a whole number from 100 to 60000`);
  return { worker: values.worker, json: values.json, limitMs, only: idsOf(values.only) };
}

function idsOf(list: string | undefined): readonly string[] | undefined {
  const ids = list?.split(",").map((id) => id.trim());
  const unknown = ids?.find((id) => !REQUIREMENTS.some((requirement) => requirement.id === id));
  if (unknown !== undefined) throw new Error(`--only: there is no requirement "${unknown}"`);
  return ids;
}
