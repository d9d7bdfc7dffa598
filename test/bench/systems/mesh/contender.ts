/** AgentMesh as its users run it: a host with default options, two workers and a client. */
import { fileURLToPath } from "node:url";
import { type Contender, createContender, type Lineup } from "../../contender.ts";
import type { ProcessGroup } from "../../process/process-group.ts";

/** AgentMesh as a contender. */
export function createMeshContender(): Contender {
  return createContender("ours", assemble);
}

async function assemble(group: ProcessGroup): Promise<Lineup> {
  const { address } = await startHost(group);
  const clientModule = new URL("./client-process.js", import.meta.url);
  const client = group.fork("mesh client", clientModule, [address]);
  const tallyPort = await client.ready();
  for (const worker of ["0", "1"]) {
    const module = new URL("./worker-process.js", import.meta.url);
    await group.fork(`mesh worker ${worker}`, module, [address, `${tallyPort}`, worker]).ready();
  }
  return { kind: "ready", client };
}

/** A host that runs, with default options. */
export interface RunningHost {
  readonly address: string;
  readonly pid: number;
}

/** Starts a host on a free port of loopback, with these flags beside. */
export async function startHost(
  group: ProcessGroup,
  flags: readonly string[] = [],
): Promise<RunningHost> {
  const entry = new URL("./dist/cli/main.js", import.meta.resolve("@agentmesh/host/package.json"));
  const args = [fileURLToPath(entry), "host", "--listen", "127.0.0.1:0", ...flags];
  const host = group.spawn("agentmesh host", process.execPath, args);
  const [, address = ""] = await host.line(/agentmesh host ready on (\S+:\d+)/);
  return { address, pid: host.pid };
}
