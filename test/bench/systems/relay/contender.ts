/**
 * A bare relay on grpc-js: what the transport gives when it batches as we do and does nothing
 * else.
 */
import { type Contender, createContender, type Lineup } from "../../contender.ts";
import type { ProcessGroup } from "../../process/process-group.ts";

/** The relay as a contender. */
export function createRelayContender(): Contender {
  return createContender("relay", assemble);
}

async function assemble(group: ProcessGroup): Promise<Lineup> {
  const host = group.fork("relay", new URL("./host-process.js", import.meta.url), []);
  const address = `127.0.0.1:${await host.ready()}`;
  const workerModule = new URL("./worker-process.js", import.meta.url);
  await group.fork("relay worker", workerModule, [address]).ready();
  const clientModule = new URL("./client-process.js", import.meta.url);
  const client = group.fork("relay client", clientModule, [address]);
  await client.ready();
  return { kind: "ready", client };
}
