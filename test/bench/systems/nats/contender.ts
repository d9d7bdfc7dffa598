/** NATS core: server, two workers and a client, each in its own process. */
import { type Contender, createContender, type Lineup } from "../../contender.ts";
import type { ProcessGroup } from "../../process/process-group.ts";
import { findNatsServer, startNatsServer } from "./nats-server.ts";

/** NATS as a contender; absent where nats-server is not installed. */
export function createNatsContender(): Contender {
  return createContender("nats", assemble);
}

async function assemble(group: ProcessGroup): Promise<Lineup> {
  const path = await findNatsServer();
  if (path === undefined) return { kind: "absent", reason: "nats-server is not installed" };
  const server = await startNatsServer(group, path);
  const client = group.fork("nats client", new URL("./client-process.js", import.meta.url), [
    server,
  ]);
  const tallyPort = await client.ready();
  for (const worker of ["0", "1"]) {
    const module = new URL("./worker-process.js", import.meta.url);
    await group.fork(`nats worker ${worker}`, module, [server, `${tallyPort}`, worker]).ready();
  }
  return { kind: "ready", client };
}
