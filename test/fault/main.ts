/** `npm run fault`: breaks a mesh and looks whether its promises hold. See `rows.ts` for how. */
import { writeFile } from "node:fs/promises";
import { constants } from "node:os";
import { type FaultOptions, parseOptions, USAGE } from "./options.ts";
import { formatJson, formatResult, formatSummary } from "./report.ts";
import type { Result, Row } from "./row.ts";
import { Stage } from "./stage.ts";

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
/** What shells add to the number of the signal that has ended a program. */
const EXIT_SIGNAL = 128;

/** Where the row of now runs. */
let current: Stage | undefined;

// Explicit: an interrupted run may still be waiting for what it has started.
process.exit(await main(process.argv.slice(2)));

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) return EXIT_USAGE;
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  return Promise.race([breakAll(options), interruption()]);
}

async function breakAll(options: FaultOptions): Promise<number> {
  const { seed, isQuick, rows, json } = options;
  console.log(
    `seed ${seed}: \`npm run fault -- ${isQuick ? "--quick " : ""}--seed ${seed}\` repeats this run`,
  );
  const results: Result[] = [];
  for (const row of rows) {
    const result = await runRow(row, options);
    console.log(formatResult(result));
    results.push(result);
  }
  console.log(formatSummary(results));
  if (json !== undefined) await writeFile(json, formatJson(results));
  return results.every(({ passed }) => passed) ? 0 : EXIT_FAILED;
}

async function runRow(row: Row, { seed, isQuick }: FaultOptions): Promise<Result> {
  const startedAt = performance.now();
  const elapsed = (): number => Math.round((performance.now() - startedAt) / 100) / 10;
  const say = (line: string) =>
    console.error(`${row.id.padEnd(12)} ${elapsed().toFixed(1).padStart(6)} s  ${line}`);
  const stage = new Stage({ seed, isQuick, say });
  current = stage;
  say(row.title);
  const figures = await row.run(stage).catch((error: unknown) => {
    stage.problem(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return {};
  });
  await stage.end();
  const { problems } = stage;
  const passed = problems.length === 0;
  return { id: row.id, seed, passed, figures: { ...figures, seconds: elapsed() }, problems };
}

/** Resolves with an exit code when a signal asks to end, and what runs has been ended. */
function interruption(): Promise<number> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.once(signal, async () => {
        await current?.end();
        resolve(EXIT_SIGNAL + constants.signals[signal]);
      });
    }
  });
}

function readOptions(args: readonly string[]): FaultOptions | undefined {
  try {
    return parseOptions(args);
  } catch (error) {
    console.error(`fault: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}
