import type { Command } from "commander";
import { listSubscriptions } from "../client/admin-calls.ts";
import type { SubscriptionRecord } from "../client/records.ts";
import type { Column } from "../output/table.ts";
import { addHostCommand, type Shell, withHost } from "./host-command.ts";
import { addListFlags, fetchList, printList } from "./listing.ts";
import { shortId } from "./workers.ts";

const COLUMNS: readonly Column<SubscriptionRecord>[] = [
  { title: "SESSION", cell: ({ sessionId, durable }) => durable ?? shortId(sessionId) },
  { title: "AGENT TYPE", cell: ({ agentType }) => agentType },
  { title: "TOPIC", cell: ({ topic }) => topic },
];

/** `agentmesh subscriptions`. */
export function addSubscriptions(parent: Command, shell: Shell): void {
  const command = addHostCommand(parent, {
    usage: "subscriptions",
    summary: "list which topics go to which agent types",
    details: "A topic that ends in * is a prefix: every topic type that begins with it.",
    examples: ["subscriptions", "subscriptions --json"],
  });
  addListFlags(command).action(() =>
    withHost(command, shell, async ({ channel, output }) => {
      const page = await fetchList(command, (query) => listSubscriptions(channel, query));
      printList(output, "subscriptions", page, COLUMNS, "no subscriptions");
    }),
  );
}
