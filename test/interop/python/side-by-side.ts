/**
 * `npm run side-by-side`: what AutoGen's own host and ours make of the same real workers, as a table in Markdown. With
 * `--write` what differs becomes the table of the README.
 */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createHost } from "@agentmesh/host";
import { prepareAutoGen, ROOT } from "../environment.ts";
import { startAutoGenHost } from "./autogen-host.ts";
import { type Comparison, formatAll, formatDifferences, replaceTable } from "./comparison.ts";
import { type Outcome, SCENARIOS, type Scenario, tryScenario } from "./scenarios.ts";

const README = path.join(ROOT, "README.md");

const environment = await prepareAutoGen();
if (environment.kind === "missing") {
  console.error(`AutoGen is not there: ${environment.reason}`);
  process.exitCode = 2;
} else {
  const [python] = environment.command;
  const comparisons: Comparison[] = [];
  for (const scenario of SCENARIOS) {
    console.error(`${scenario.title} …`);
    const [theirs, ours] = [await onTheirs(python, scenario), await onOurs(python, scenario)];
    comparisons.push({ scenario, theirs, ours });
  }
  console.log(formatAll(comparisons));
  if (process.argv.includes("--write")) {
    const readme = replaceTable(readFileSync(README, "utf8"), formatDifferences(comparisons));
    writeFileSync(README, readme);
  }
  if (comparisons.some(({ ours }) => ours.kind === "otherwise")) process.exitCode = 1;
}

async function onTheirs(python: string, { name, host: options }: Scenario): Promise<Outcome> {
  await using host = await startAutoGenHost(python, options);
  return await tryScenario(python, host.address, name);
}

async function onOurs(python: string, { name, host: options }: Scenario): Promise<Outcome> {
  await using host = await createHost({ listen: "127.0.0.1:0", logLevel: "silent", ...options });
  return await tryScenario(python, host.address, name);
}
