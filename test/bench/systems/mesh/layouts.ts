/** AgentMesh laid out for one row each: behind a slow link, crowded, spread, or with a million agents. */
import { TcpProxy } from "@agentmesh/worker-sdk/testing";
import {
  type Contender,
  type ContenderTraits,
  createContender,
  type Lineup,
} from "../../contender.ts";
import type { ProcessGroup } from "../../process/process-group.ts";
import type { Program } from "../../process/program.ts";
import { SPREAD_PROCESSES, SPREAD_WORKERS } from "../../scenario.ts";
import { type RunningHost, startHost } from "./contender.ts";

/** The process that makes the load, and what meters it. */
interface Crew {
  readonly client: Program;
  readonly meter?: TcpProxy;
}

/** What crowds a mesh. */
type Crowd = "ours-subscriptions" | "ours-sessions";

const CROWDS: Readonly<Record<Crowd, readonly string[]>> = {
  "ours-subscriptions": ["subscriptions", "100000"],
  "ours-sessions": ["sessions", "200"],
};

/** Milliseconds for a million agents to be touched and to fall idle. */
const KEYS_GRACE_MS = 300_000;

/** A client and a worker whose bytes are counted on their way to and from the host. */
export function createMeteredContender(): Contender {
  const firstLoad = { kind: "calls", call: "upload-10", window: 8 } as const;
  return layout("ours-metered", { firstLoad }, async (group, { address }) => {
    const meter = new TcpProxy(address);
    await meter.accept();
    const client = fork(group, "client-process", [meter.address]);
    const tallyPort = await client.ready();
    await fork(group, "large-worker-process", [meter.address, `${tallyPort}`]).ready();
    return { client, meter };
  });
}

/** A client that is 10 ms away from its host, in each direction. */
export function createLinkedContender(): Contender {
  return layout("ours-link", {}, async (group, { address }) => {
    const far = `127.0.0.1:${await delay(group, address).ready()}`;
    const client = fork(group, "client-process", [far]);
    const tallyPort = await client.ready();
    await fork(group, "worker-process", [address, `${tallyPort}`, "0"]).ready();
    return { client };
  });
}

/** The common mesh, with many subscriptions or sessions that have nothing to do with the load. */
export function createCrowdedContender(crowd: Crowd): Contender {
  return layout(crowd, {}, async (group, { address }) => {
    const client = fork(group, "client-process", [address]);
    const tallyPort = await client.ready();
    await fork(group, "worker-process", [address, `${tallyPort}`, "0"]).ready();
    await fork(group, "crowd-process", [address, ...CROWDS[crowd]]).ready();
    return { client };
  });
}

/** Many workers in a few processes. */
export function createSpreadContender(): Contender {
  const firstLoad = { kind: "calls", call: "spread", window: 64 } as const;
  return layout("ours-spread", { firstLoad }, async (group, { address }) => {
    const each = SPREAD_WORKERS / SPREAD_PROCESSES;
    for (let first = 0; first < SPREAD_WORKERS; first += each) {
      await fork(group, "spread-worker-process", [address, `${first}`, `${each}`]).ready();
    }
    const client = fork(group, "client-process", [address]);
    await client.ready();
    return { client };
  });
}

/** A host and a worker whose memory is watched. */
export function createKeysContender(): Contender {
  const firstLoad = { kind: "keys", count: 1, window: 1 } as const;
  const traits = { firstLoad, graceMs: KEYS_GRACE_MS };
  return layout("ours-keys", traits, async (group, { address, pid }) => {
    const worker = fork(group, "keys-worker-process", [address]);
    await worker.ready();
    const client = fork(group, "keys-client-process", [address, `${pid}`, `${worker.pid}`]);
    await client.ready();
    return { client };
  });
}

/** A link of 10 ms in each direction to `address`; it tells its port. */
export function delay(group: ProcessGroup, address: string): Program {
  const module = new URL("../../process/delay-process.js", import.meta.url);
  return group.fork("slow link", module, [address, "10"]);
}

function layout(
  name: Contender["name"],
  traits: ContenderTraits,
  assemble: (group: ProcessGroup, host: RunningHost) => Promise<Crew>,
): Contender {
  const start = async (group: ProcessGroup): Promise<Lineup> => {
    const host = await startHost(group);
    return { kind: "ready", ...(await assemble(group, host)) };
  };
  return createContender(name, start, { isResident: false, ...traits });
}

function fork(group: ProcessGroup, module: string, args: readonly string[]): Program {
  return group.fork(`mesh ${module}`, new URL(`./${module}.js`, import.meta.url), args);
}
