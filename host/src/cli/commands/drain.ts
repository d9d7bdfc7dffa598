import { failure, MeshError, quote } from "@agentmesh/proto";
import type { Command } from "commander";
import { drainHost, drainWorker, listWorkers } from "../client/admin-calls.ts";
import type { Channel } from "../client/channel.ts";
import type { WorkerRecord } from "../client/records.ts";
import { EXIT } from "../exit-codes.ts";
import { CommandFailure } from "../terminal.ts";
import { addHostCommand, integer, numberFlag, type Shell, withHost } from "./host-command.ts";

const HOUR_MS = 3_600_000;
const PAGE = 1_000;

/** `agentmesh drain`. */
export function addDrain(parent: Command, shell: Shell): void {
  const drain = parent
    .command("drain")
    .description("move the agents off a worker, or drain a whole host")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false);
  addDrainWorker(drain, shell);
  addDrainHost(drain, shell);
}

function addDrainWorker(drain: Command, shell: Shell): void {
  const command = addHostCommand(drain, {
    usage: "worker <worker>",
    summary: "move the agents off a worker",
    details: `<worker> is a name or the beginning of a session id, as agentmesh workers shows them. Agents
leave when their turns have ended; the command ends when the last one has gone. The worker
stays connected and gets no agents any more: stop it then.`,
    examples: ["drain worker oracle-1", "drain worker 3f2a91c0 --json"],
  });
  command.action((worker: string) =>
    withHost(command, shell, async ({ channel, output }) => {
      const { sessionId, name } = await findWorker(channel, worker);
      await drainWorker(channel, sessionId);
      output.result({ sessionId, name, drained: true }, () => [`${name || sessionId} has drained`]);
    }),
  );
}

function addDrainHost(drain: Command, shell: Shell): void {
  const command = addHostCommand(drain, {
    usage: "host",
    summary: "drain a host: it takes nothing new, finishes and ends",
    examples: ["drain host", "drain host --grace-ms 60000"],
  }).option(
    "--grace-ms <ms>",
    "time for work in flight (default: the host's)",
    integer(1, HOUR_MS),
  );
  command.action(() =>
    withHost(command, shell, async ({ channel, output }) => {
      await drainHost(channel, numberFlag(command, "graceMs") ?? 0);
      output.result({ draining: true }, () => ["the host drains"]);
    }),
  );
}

/**
 * The one worker with this name, or whose session id begins so.
 * @throws MeshError `NOT_FOUND`, CommandFailure when several are meant.
 */
async function findWorker(channel: Channel, text: string): Promise<WorkerRecord> {
  const found: WorkerRecord[] = [];
  let cursor = "";
  do {
    const page = await listWorkers(channel, { cursor, limit: PAGE });
    const isMeant = ({ name, sessionId }: WorkerRecord): boolean =>
      name === text || sessionId.startsWith(text);
    found.push(...page.entries.filter(isMeant));
    cursor = page.nextCursor;
  } while (cursor !== "");
  const [worker, ...others] = found;
  if (worker === undefined)
    throw new MeshError(failure("NOT_FOUND", `there is no worker ${quote(text)}`));
  if (others.length === 0) return worker;
  const ids = found.map(({ sessionId }) => sessionId).join(", ");
  throw new CommandFailure(`${quote(text)} means several workers; name one: ${ids}`, EXIT.usage);
}
