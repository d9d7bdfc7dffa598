/** NATS JetStream with its files on this disk: server, client and one consumer, each in its own process. */
import { type Contender, createContender, type Lineup } from "../../contender.ts";
import type { ProcessGroup } from "../../process/process-group.ts";
import { scratchFolder } from "../../process/scratch-folder.ts";
import { DURABLE_LOAD } from "../../scenario.ts";
import { findNatsServer, startNatsServer } from "../nats/nats-server.ts";

/** JetStream as a contender; absent where nats-server is not installed. */
export function createJetStreamContender(): Contender {
  return createContender("jetstream", assemble, { firstLoad: DURABLE_LOAD, isResident: false });
}

async function assemble(group: ProcessGroup): Promise<Lineup> {
  const path = await findNatsServer();
  if (path === undefined) return { kind: "absent", reason: "nats-server is not installed" };
  const server = await startNatsServer(group, path, ["-js", "-sd", scratchFolder()]);
  const clientModule = new URL("./client-process.js", import.meta.url);
  const client = group.fork("jetstream client", clientModule, [server]);
  const tallyPort = await client.ready();
  const workerModule = new URL("./worker-process.js", import.meta.url);
  await group.fork("jetstream consumer", workerModule, [server, `${tallyPort}`]).ready();
  return { kind: "ready", client };
}
