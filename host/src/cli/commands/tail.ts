import type { Command } from "commander";
import { tail } from "../client/admin-calls.ts";
import type { SightingRecord } from "../client/records.ts";
import { harmless, type Paint } from "../output/paint.ts";
import { clockText } from "../output/time.ts";
import { agentFilter } from "./agent-filter.ts";
import {
  addHostCommand,
  type HostTask,
  integer,
  numberFlag,
  type Shell,
  textFlag,
  withHost,
} from "./host-command.ts";

const SESSION_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-/;

/** `agentmesh tail`. */
export function addTail(parent: Command, shell: Shell): void {
  const command = addHostCommand(parent, {
    usage: "tail",
    summary: "follow messages as they pass, until Ctrl-C",
    details: `Each line is one sighting: send and publish when the host takes a message, deliver when it
goes to a worker, end when it was handled or has failed, dead-letter when it is parked, refuse
when the host does not take it. Times are UTC. Filters narrow together. A reader that is too
slow misses sightings and is told how many; the mesh never waits for it.`,
    examples: [
      "tail --agent oracle/delphi",
      "tail --topic news --json | jq .target",
      "tail --worker oracle-1 --errors",
    ],
  })
    .option("--agent <type[/key]>", "only messages to or from these agents")
    .option("--topic <type>", "only events of this topic type")
    .option("--worker <name>", "only messages to or from workers with this name, or this session")
    .option("--errors", "only failures")
    .option("--count <n>", "end after so many", integer(1, 1e9));
  command.action(() => withHost(command, shell, (task) => run(command, task)));
}

async function run(command: Command, { channel, output }: HostTask): Promise<void> {
  const worker = textFlag(command, "worker");
  const isSession = worker !== undefined && SESSION_ID.test(worker);
  const sightings = tail(channel, {
    ...agentFilter(textFlag(command, "agent")),
    topicType: textFlag(command, "topic"),
    sessionId: isSession ? worker : undefined,
    worker: isSession ? undefined : worker,
    errorsOnly: command.getOptionValue("errors") === true,
  });
  await sightings.begun;
  output.note("following; Ctrl-C ends it");
  const most = numberFlag(command, "count") ?? Number.POSITIVE_INFINITY;
  let count = 0;
  for await (const sighting of sightings) {
    output.entry(sighting, () => sightingLine(sighting, output.paint));
    count += 1;
    if (count >= most) return;
  }
}

/** One sighting in one line. */
function sightingLine(seen: SightingRecord, paint: Paint): string {
  const missed = seen.missed === undefined ? "" : paint("yellow", `(${seen.missed} missed) `);
  const time = paint("dim", clockText(seen.at));
  if (seen.kind === "missed") return `${time} ${missed.trimEnd()}`;
  const kind = seen.kind.padEnd("dead-letter".length);
  const way = harmless(wayOf(seen));
  const { error } = seen;
  const what = harmless(`${seen.messageType ?? ""} ${seen.contentBytes ?? 0} B`.trim());
  const failed = error === undefined ? "" : ` ${paint("red", harmless(errorText(error)))}`;
  return `${time} ${missed}${paint("bold", kind)} ${way}  ${paint("dim", what)}${failed}`;
}

/** From whom over which topic to whom. */
function wayOf({ sender, topic, target }: SightingRecord): string {
  const stations = [sender, topic, target].filter((station) => station !== undefined);
  return stations.join(" → ");
}

function errorText({
  code,
  appCode,
  text,
}: {
  code: string;
  appCode?: string;
  text: string;
}): string {
  return `${code}${appCode === undefined ? "" : ` ${appCode}`}: ${text}`;
}
