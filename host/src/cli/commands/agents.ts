import type { Command } from "commander";
import { listAgents } from "../client/admin-calls.ts";
import type { AgentRecord } from "../client/records.ts";
import type { Column } from "../output/table.ts";
import { addHostCommand, type Shell, textFlag, withHost } from "./host-command.ts";
import { addListFlags, fetchList, printList } from "./listing.ts";
import { shortId } from "./workers.ts";

const COLUMNS: readonly Column<AgentRecord>[] = [
  { title: "SESSION", cell: ({ sessionId }) => shortId(sessionId) },
  { title: "IN FLIGHT", cell: ({ inFlight }) => String(inFlight), align: "right" },
  { title: "WAITING", cell: ({ queued }) => String(queued), align: "right" },
  { title: "AGENT", cell: ({ agent }) => agent },
];

/** `agentmesh agents`. */
export function addAgents(parent: Command, shell: Shell): void {
  const command = addHostCommand(parent, {
    usage: "agents",
    summary: "list the active agents, oldest activation first",
    examples: ["agents", "agents --type oracle --limit 1000 --json"],
  }).option("--type <type>", "only agents of this type");
  addListFlags(command).action(() =>
    withHost(command, shell, async ({ channel, output }) => {
      const type = textFlag(command, "type") ?? "";
      const page = await fetchList(command, (query) => listAgents(channel, query, type));
      printList(output, "agents", page, COLUMNS, "no active agents");
    }),
  );
}
