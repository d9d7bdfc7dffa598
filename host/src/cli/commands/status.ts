import type { Command } from "commander";
import { formatAddress } from "../../options/address.ts";
import { getStatus, type HostStatus } from "../client/admin-calls.ts";
import { pairLines } from "../output/table.ts";
import { durationText } from "../output/time.ts";
import { addHostCommand, type Shell, withHost } from "./host-command.ts";

/** `agentmesh status`. */
export function addStatus(parent: Command, shell: Shell): void {
  const command = addHostCommand(parent, {
    usage: "status",
    summary: "show how a host is and what it has counted",
    examples: ["status", "status --host mesh.example:50051 --tls --json"],
  });
  command.action(() =>
    withHost(command, shell, async ({ channel, output }) => {
      const status = await getStatus(channel);
      const address = formatAddress(channel.address);
      output.result({ address, ...status }, () =>
        pairLines(pairsOf(address, status), output.paint),
      );
    }),
  );
}

function pairsOf(address: string, status: HostStatus): (readonly [string, string])[] {
  const counted = Object.entries(status.counters).filter(([, value]) => value > 0);
  return [
    ["address", address],
    ["host", `${status.hostId}, version ${status.hostVersion}`],
    ["state", status.draining ? "draining" : "serving"],
    ["up for", durationText(status.uptimeMs)],
    ["workers", `${status.workersConnected} connected, ${status.workersSuspended} suspended`],
    ["agents", `${status.agentsActive} active`],
    ["subscriptions", String(status.subscriptions)],
    ["deliveries", `${status.inFlight} in flight, ${status.queued} waiting`],
    ["dead letters", `${status.deadLetters} parked, ${status.deadLettersReplaying} on their way`],
    ["stored", status.storedBytes === 0 ? "in memory" : `${status.storedBytes} bytes`],
    ...counted.map(([name, value]) => [`  ${name}`, String(value)] as const),
  ];
}
