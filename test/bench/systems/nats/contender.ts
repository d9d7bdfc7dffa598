/** NATS core: server, two workers and a client, each in its own process. */
import { type Contender, createContender, type Lineup } from "../../contender.ts";
import type { ProcessGroup } from "../../process/process-group.ts";
import { SPREAD_PROCESSES, SPREAD_WORKERS } from "../../scenario.ts";
import { findNatsServer, startNatsServer } from "./nats-server.ts";

const ABSENT: Lineup = { kind: "absent", reason: "nats-server is not installed" };

/** NATS as a contender; absent where nats-server is not installed. */
export function createNatsContender(): Contender {
  return createContender("nats", assemble);
}

/** NATS with many clients in a few processes, a subject for each. */
export function createNatsSpreadContender(): Contender {
  const firstLoad = { kind: "calls", call: "spread", window: 64 } as const;
  return createContender("nats-spread", assembleSpread, { firstLoad, isResident: false });
}

async function assembleSpread(group: ProcessGroup): Promise<Lineup> {
  const path = await findNatsServer();
  if (path === undefined) return ABSENT;
  const server = await startNatsServer(group, path);
  const each = SPREAD_WORKERS / SPREAD_PROCESSES;
  for (let first = 0; first < SPREAD_WORKERS; first += each) {
    const module = new URL("./spread-worker-process.js", import.meta.url);
    await group.fork("nats workers", module, [server, `${first}`, `${each}`]).ready();
  }
  const client = group.fork("nats client", new URL("./client-process.js", import.meta.url), [
    server,
  ]);
  await client.ready();
  return { kind: "ready", client };
}

async function assemble(group: ProcessGroup): Promise<Lineup> {
  const path = await findNatsServer();
  if (path === undefined) return ABSENT;
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
