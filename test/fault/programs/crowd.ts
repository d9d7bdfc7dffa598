/** Many workers in one process, each with an agent type of its own: `crowd <task as JSON>`. */
import { connectWorker } from "@agentmesh/worker-sdk";
import { listen, readTask, tell } from "../../support/ipc.ts";
import { TurnWriter } from "../turns.ts";
import type { CrowdTask } from "./protocol.ts";
import { scribe } from "./scribe.ts";

const { host, agentTypes, journal } = readTask<CrowdTask>();
listen(() => undefined);
const writer = new TurnWriter(journal);
for (const agentType of agentTypes) {
  const worker = await connectWorker({ host, name: agentType });
  await worker.register(scribe(agentType, writer));
}
tell({ kind: "ready" });
