import type { Command } from "commander";
import type { DurableRecord } from "../client/records.ts";
import { endDurable, listDurable } from "../client/store-calls.ts";
import type { Column } from "../output/table.ts";
import { durationText } from "../output/time.ts";
import { addHostCommand, type Shell, withHost } from "./host-command.ts";
import { addListFlags, fetchList, printList } from "./listing.ts";

const COLUMNS: readonly Column<DurableRecord>[] = [
  { title: "NAME", cell: ({ name }) => name },
  { title: "AGENT TYPE", cell: ({ agentType }) => agentType },
  { title: "POSITION", cell: ({ position }) => String(position), align: "right" },
  {
    title: "BACKLOG",
    cell: ({ backlog, backlogCut }) => `${backlog}${backlogCut ? "+" : ""}`,
    align: "right",
  },
  { title: "OLDEST", cell: ({ oldestAt }) => ageText(oldestAt), align: "right" },
  { title: "DEAD", cell: ({ deadLetters }) => String(deadLetters), align: "right" },
  { title: "TOPIC", cell: ({ topic }) => topic },
];

/** `agentmesh durable`. */
export function addDurable(parent: Command, shell: Shell): void {
  const durable = parent
    .command("durable")
    .description("list durable subscriptions with their backlog, or end one")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false);
  addList(durable, shell);
  addEnd(durable, shell);
}

function addList(durable: Command, shell: Shell): void {
  const command = addHostCommand(durable, {
    usage: "list",
    isDefault: true,
    summary: "list durable subscriptions",
    details: `BACKLOG counts the events that are not handled, a + says that there are more; OLDEST is the
age of the oldest of them, and DEAD the number of dead letters.`,
    examples: ["durable", "durable list --json"],
  });
  addListFlags(command).action(() =>
    withHost(command, shell, async ({ channel, output }) => {
      const page = await fetchList(command, (query) => listDurable(channel, query));
      printList(output, "durable", page, COLUMNS, "no durable subscriptions");
    }),
  );
}

function addEnd(durable: Command, shell: Shell): void {
  const command = addHostCommand(durable, {
    usage: "end <name>",
    summary: "end a durable subscription for good",
    details: `What it has not handled goes, its dead letters stay. A worker that declares it again starts a
new one, at the end of the log.`,
    examples: ["durable end archive"],
  });
  command.action((name: string) =>
    withHost(command, shell, async ({ channel, output }) => {
      await endDurable(channel, name);
      output.result({ name, ended: true }, () => [`${name} has ended`]);
    }),
  );
}

function ageText(at: string | undefined): string {
  return at === undefined ? "" : durationText(Date.now() - Date.parse(at));
}
