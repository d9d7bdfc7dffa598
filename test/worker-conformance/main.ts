/** `npm run conformance`: which requirements of the protocol a worker meets, in whatever language it is written. */
import { constants } from "node:os";
import { parseOptions, USAGE } from "./options.ts";
import { countsOf, formatJson, formatTable } from "./report.ts";
import { tryWorker } from "./run.ts";

const EXIT_BROKEN = 1;
const EXIT_FAILED = 2;

/** What shells add to the number of the signal that has ended a program. */
const EXIT_SIGNAL = 128;

for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => process.exit(EXIT_SIGNAL + constants.signals[signal]));
process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseOptions(args);
    if (options === "help") {
      console.log(USAGE);
      return 0;
    }
    const findings = await tryWorker(options);
    console.log(options.json ? formatJson(findings) : formatTable(findings));
    return countsOf(findings).broken === 0 ? 0 : EXIT_BROKEN;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return EXIT_FAILED;
  }
}
