/**
 * `npm run bench`: AgentMesh beside its peers, on this machine, now. See `rows.ts` for what is
 * compared.
 */
import { writeFile } from "node:fs/promises";
import { constants } from "node:os";
import { type Cast, createCast } from "./cast.ts";
import { describeMachine } from "./machine.ts";
import { type BenchOptions, parseOptions, roundsOf, USAGE } from "./options.ts";
import { formatJson, formatMachine, formatTable } from "./report.ts";
import { KEY_COUNT, PAYLOAD_BYTES } from "./scenario.ts";
import { measureRows } from "./schedule.ts";
import { summarize } from "./summary.ts";

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
/** What shells add to the number of the signal that has ended a program. */
const EXIT_SIGNAL = 128;

// Explicit: an interrupted run may still be starting processes, and the exit listener ends those.
process.exit(await main(process.argv.slice(2)));

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) return EXIT_USAGE;
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const cast = createCast();
  // However the bench ends, no process of a contender stays.
  process.on("exit", () => {
    for (const contender of Object.values(cast)) contender.kill();
  });
  const interruption = new AbortController();
  const interrupted = exitCodeOfSignal(interruption);
  try {
    return await Promise.race([bench(options, cast, interruption.signal), interrupted]);
  } finally {
    await Promise.all(Object.values(cast).map((contender) => contender.stop()));
  }
}

async function bench(options: BenchOptions, cast: Cast, signal: AbortSignal): Promise<number> {
  const machine = describeMachine();
  console.log(formatMachine(machine));
  console.log(formatConditions(options));
  const results = await measureRows({
    rows: options.rows,
    contenderOf: (name) => cast[name],
    rounds: options.rounds,
    roundsOf: (row) => roundsOf(options, row),
    pace: options.pace,
    signal,
    onRow: (round, row) => console.error(`round ${round + 1} of ${options.rounds}: ${row.id}`),
  });
  const summaries = results.map(summarize);
  console.log(`\n${formatTable(summaries)}`);
  if (options.json !== undefined) await writeFile(options.json, formatJson(machine, summaries));
  const missed = summaries.some(({ verdict }) => verdict === "MISSED must");
  const failed = summaries.some((summary) => summary.failed);
  return failed || (missed && options.strict) ? EXIT_FAILED : 0;
}

function readOptions(args: readonly string[]): BenchOptions | undefined {
  try {
    return parseOptions(args);
  } catch (error) {
    console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

function formatConditions({ rounds, pace }: BenchOptions): string {
  const { warmUpMs, measureMs } = pace;
  return [
    `${rounds} rounds of ${measureMs} ms after ${warmUpMs} ms of warm-up; medians over the rounds.`,
    `Messages of ${PAYLOAD_BYTES} bytes; sends go to ${KEY_COUNT} agents in turn (NATS: subjects).`,
    "Rates are delivered messages: replies, or events that their subscribers have handled.",
  ].join("\n");
}

/** Resolves with an exit code when a signal asks to end; a second one does not wait for the end. */
function exitCodeOfSignal(interruption: AbortController): Promise<number> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      const exitCode = EXIT_SIGNAL + constants.signals[signal];
      process.on(signal, () => {
        if (interruption.signal.aborted) process.exit(exitCode);
        interruption.abort();
        resolve(exitCode);
      });
    }
  });
}
