/** AutoGen's worker runtime in Python, as its users run it: a worker and a client, on its own host or on ours. */
import { prepareAutoGen } from "../../../interop/environment.ts";
import { HOST_PROGRAM } from "../../../interop/python/autogen-host.ts";
import { type Contender, createContender, type Lineup } from "../../contender.ts";
import type { ProcessGroup } from "../../process/process-group.ts";
import { startHost } from "../mesh/contender.ts";
import { programOf } from "./programs.ts";

type StartHost = (group: ProcessGroup, python: string) => Promise<string>;

/** AutoGen as a contender; absent where it cannot be installed. */
export function createAutogenContender(): Contender {
  return createContender("autogen", (group) => assemble(group, startTheirs));
}

/** The same client and worker on our host. */
export function createAutogenOnOursContender(): Contender {
  return createContender("ours-autogen", (group) => assemble(group, startOurs));
}

async function startTheirs(group: ProcessGroup, python: string): Promise<string> {
  const host = group.spawn("AutoGen's host", python, [HOST_PROGRAM]);
  const [, port] = await host.line(/^ready (\d+)$/);
  return `127.0.0.1:${port}`;
}

async function startOurs(group: ProcessGroup): Promise<string> {
  return (await startHost(group)).address;
}

async function assemble(group: ProcessGroup, start: StartHost): Promise<Lineup> {
  const environment = await prepareAutoGen();
  if (environment.kind === "missing") return { kind: "absent", reason: environment.reason };
  const [python] = environment.command;
  const address = await start(group, python);
  const module = new URL("./client-process.js", import.meta.url);
  const client = group.fork("AutoGen's client", module, [python, address]);
  const tallyPort = await client.ready();
  const program = [programOf("worker.py"), address, `${tallyPort}`];
  await group.spawn("AutoGen's worker", python, program).line(/^ready$/);
  return { kind: "ready", client };
}
