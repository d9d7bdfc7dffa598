import { parseArgs } from "node:util";
import type { Row } from "./row.ts";
import { ROWS } from "./rows.ts";

/** What the command line asks for. */
export interface FaultOptions {
  readonly rows: readonly Row[];
  /** Whether rows are small: all of them take a few minutes then. */
  readonly isQuick: boolean;
  /** What the chance of every row is made of. */
  readonly seed: number;
  /** File for the results as JSON. */
  readonly json: string | undefined;
  readonly help: boolean;
}

const SEEDS = 2 ** 31;

/** How to use it. */
export const USAGE = `Usage: npm run fault -- [options] [row …]

Breaks a mesh of real processes in every way that it promises to survive, and checks what it did against journals that
its workers have kept. Exits with 1 when a promise was not kept.

${ROWS.map(({ id, title }) => `  ${id.padEnd(14)} ${title}`).join("\n")}

  --quick        a smaller size of each row: some minutes
  --seed N       repeats the chance of an earlier run, which has printed its seed
  --json FILE    also write the results as JSON
  --help         show this`;

/** Reads the arguments. @throws an Error that says in one line what is wrong with them. */
export function parseOptions(args: readonly string[]): FaultOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: false },
      seed: { type: "string" },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  return {
    rows: selectRows(positionals),
    isQuick: values.quick,
    seed: values.seed === undefined ? Math.floor(Math.random() * SEEDS) : parseSeed(values.seed),
    json: values.json,
    help: values.help,
  };
}

function selectRows(ids: readonly string[]): readonly Row[] {
  const unknown = ids.find((id) => !ROWS.some((row) => row.id === id));
  if (unknown !== undefined) {
    throw new Error(`no row "${unknown}"; there are ${ROWS.map((row) => row.id).join(", ")}`);
  }
  return ids.length === 0 ? ROWS : ROWS.filter(({ id }) => ids.includes(id));
}

function parseSeed(text: string): number {
  const seed = Number(text);
  if (text !== "" && Number.isSafeInteger(seed) && seed >= 0) return seed;
  throw new Error(`--seed ${text} is not a whole number from 0`);
}
