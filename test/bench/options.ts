import { parseArgs } from "node:util";
import { ROWS, type Row } from "./rows.ts";
import type { Pace } from "./scenario.ts";

/** What the command line asks for. */
export interface BenchOptions {
  readonly rows: readonly Row[];
  readonly rounds: number;
  /** Whether measurements are short. */
  readonly quick: boolean;
  readonly pace: Pace;
  /** File for the results as JSON. */
  readonly json: string | undefined;
  /** Whether a missed must is a failure. */
  readonly strict: boolean;
  readonly help: boolean;
}

const FULL = { rounds: 5, pace: { warmUpMs: 1_500, measureMs: 3_000 }, minCalls: 10_000 };
const QUICK = { rounds: 3, pace: { warmUpMs: 500, measureMs: 900 }, minCalls: 2_000 };

/** How to use it. */
export const USAGE = `Usage: npm run bench -- [options]

  --quick        shorter and fewer measurements, some rows in one round or not at all: about two minutes
  --only id,id   only these rows: ${ROWS.map((row) => row.id).join(", ")}
  --rounds N     rounds (default ${FULL.rounds}, quick ${QUICK.rounds})
  --json FILE    also write the results as JSON
  --strict       exit with 1 when a must is missed
  --help         show this`;

/** Reads the arguments. @throws an Error that says in one line what is wrong with them. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string" },
      rounds: { type: "string" },
      json: { type: "string" },
      strict: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const size = values.quick ? QUICK : FULL;
  return {
    rows: values.only === undefined ? rowsOf(values.quick) : selectRows(values.only),
    quick: values.quick,
    rounds: values.rounds === undefined ? size.rounds : parseRounds(values.rounds),
    pace: { ...size.pace, minCalls: size.minCalls },
    json: values.json,
    strict: values.strict,
    help: values.help,
  };
}

/** In how many rounds a row is measured. */
export function roundsOf(options: Pick<BenchOptions, "quick" | "rounds">, row: Row): number {
  return options.quick && row.quick !== "each" ? 1 : options.rounds;
}

function rowsOf(quick: boolean): readonly Row[] {
  return quick ? ROWS.filter((row) => row.quick !== "never") : ROWS;
}

function selectRows(only: string): Row[] {
  const ids = only.split(",").map((id) => id.trim());
  const unknown = ids.find((id) => !ROWS.some((row) => row.id === id));
  if (unknown !== undefined) {
    throw new Error(`no row "${unknown}"; there are ${ROWS.map((row) => row.id).join(", ")}`);
  }
  return ROWS.filter((row) => ids.includes(row.id));
}

function parseRounds(text: string): number {
  const rounds = Number(text);
  if (Number.isInteger(rounds) && rounds >= 1 && rounds <= 100) return rounds;
  throw new Error(`--rounds ${text} is not a whole number from 1 to 100`);
}
