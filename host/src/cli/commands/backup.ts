import path from "node:path";
import type { Command } from "commander";
import { backUp } from "../client/store-calls.ts";
import { addHostCommand, type Shell, withHost } from "./host-command.ts";

/** `agentmesh backup`. */
export function addBackup(parent: Command, shell: Shell): void {
  const command = addHostCommand(parent, {
    usage: "backup <folder>",
    summary: "copy what a host keeps, while it runs",
    details: `The host writes the copy on its own machine, as everything is at one moment: <folder> must not
exist or be empty, and a relative path counts from where you are. To restore, start a host with
the copy as its --data; never copy a data folder in use by other means.`,
    examples: ["backup /var/backups/mesh-2026-11-20", "host --data /var/backups/mesh-2026-11-20"],
  });
  command.action((given: string) =>
    withHost(command, shell, async ({ channel, output }) => {
      const folder = path.resolve(given);
      await backUp(channel, folder);
      output.result({ folder }, () => [`the copy is in ${folder}`]);
    }),
  );
}
