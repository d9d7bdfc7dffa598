import type { Command } from "commander";
import { listWorkers, type Page } from "../client/admin-calls.ts";
import type { WorkerRecord } from "../client/records.ts";
import type { Column } from "../output/table.ts";
import { addHostCommand, type Shell, withHost } from "./host-command.ts";
import { addListFlags, fetchList, printList } from "./listing.ts";

const COLUMNS: readonly Column<WorkerRecord>[] = [
  { title: "SESSION", cell: ({ sessionId }) => shortId(sessionId) },
  { title: "NAME", cell: ({ name }) => name },
  { title: "PROTOCOL", cell: ({ protocol }) => protocol },
  { title: "STATE", cell: ({ phase }) => phase },
  { title: "AGENTS", cell: ({ agentsActive }) => String(agentsActive), align: "right" },
  { title: "IN FLIGHT", cell: ({ inFlight }) => String(inFlight), align: "right" },
  { title: "TYPES", cell: ({ agentTypes }) => agentTypes.join(", ") },
];

/** `agentmesh workers`. */
export function addWorkers(parent: Command, shell: Shell): void {
  const command = addHostCommand(parent, {
    usage: "workers",
    summary: "list the workers of a namespace",
    examples: ["workers", "workers --namespace staging --json"],
  });
  addListFlags(command).action(() =>
    withHost(command, shell, async ({ channel, output }) => {
      const page: Page<WorkerRecord> = await fetchList(command, (query) =>
        listWorkers(channel, query),
      );
      printList(output, "workers", page, COLUMNS, "no workers");
    }),
  );
}

/** As much of the id of a session as people need to tell it from others; commands take it, too. */
export function shortId(sessionId: string): string {
  return sessionId.slice(0, 8);
}
