/** A worker with scribes, in a process of its own: `worker <task as JSON>`. */
import { connectWorker } from "@agentmesh/worker-sdk";
import { listen, readTask, tell } from "../../support/ipc.ts";
import { TurnWriter } from "../turns.ts";
import type { WorkerTask } from "./protocol.ts";
import { scribe } from "./scribe.ts";

const { name, host, agentType, journal, listens = [], ...rest } = readTask<WorkerTask>();
listen(() => undefined);
const worker = await connectWorker({ host, name });
for (const { topicType, durable } of listens) {
  await worker.subscribe({ type: topicType }, agentType, durable === undefined ? {} : { durable });
}
await worker.register(scribe(agentType, new TurnWriter(journal), rest));
tell({ kind: "ready" });
