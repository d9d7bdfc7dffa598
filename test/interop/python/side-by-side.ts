/** `npm run side-by-side`: what AutoGen's own host and ours make of the same real workers, as a table in Markdown. */
import { createHost, type HostOptions } from "@agentmesh/host";
import { prepareAutoGen } from "../environment.ts";
import { startAutoGenHost } from "./autogen-host.ts";
import { type Outcome, SCENARIOS, tryScenario } from "./scenarios.ts";

const environment = await prepareAutoGen();
if (environment.kind === "missing") {
  console.error(`AutoGen is not there: ${environment.reason}`);
  process.exitCode = 2;
} else {
  const [python] = environment.command;
  console.log("| scenario | where it is written | AutoGen's host | agentmesh host |");
  console.log("|---|---|---|---|");
  for (const { name, title, source, host } of SCENARIOS) {
    const cells = [await theirs(python, name, host), await ours(python, name, host)].map(
      formatOutcome,
    );
    console.log(`| ${title} | ${source} | ${cells.join(" | ")} |`);
  }
}

async function theirs(python: string, name: string, options?: HostOptions): Promise<Outcome> {
  await using host = await startAutoGenHost(python, options);
  return await tryScenario(python, host.address, name);
}

async function ours(python: string, name: string, options?: HostOptions): Promise<Outcome> {
  await using host = await createHost({ listen: "127.0.0.1:0", logLevel: "silent", ...options });
  return await tryScenario(python, host.address, name);
}

function formatOutcome(outcome: Outcome): string {
  if (outcome.kind === "as-expected") return "yes";
  return `**no**: ${outcome.reason.replaceAll(/\s+/g, " ").replaceAll("|", "\\|").slice(0, 120)}`;
}
