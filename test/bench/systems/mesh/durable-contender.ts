/** AgentMesh with a data folder: a host that syncs what it accepts, a worker and a client, each in its own process. */
import { type Contender, createContender, type Lineup } from "../../contender.ts";
import type { ProcessGroup } from "../../process/process-group.ts";
import { scratchFolder } from "../../process/scratch-folder.ts";
import { DURABLE_LOAD } from "../../scenario.ts";
import { startHost } from "./contender.ts";

/** AgentMesh as a contender in the durable rows. */
export function createDurableContender(): Contender {
  return createContender("ours-durable", assemble, { firstLoad: DURABLE_LOAD, isResident: false });
}

async function assemble(group: ProcessGroup): Promise<Lineup> {
  const { address } = await startHost(group, ["--data", scratchFolder()]);
  const clientModule = new URL("./durable-client-process.js", import.meta.url);
  const client = group.fork("mesh client", clientModule, [address]);
  const tallyPort = await client.ready();
  const workerModule = new URL("./durable-worker-process.js", import.meta.url);
  await group.fork("mesh worker", workerModule, [address, `${tallyPort}`]).ready();
  return { kind: "ready", client };
}
