/** A worker on AgentMesh: `worker-process <host> <tally port> <worker>`. */
import { connectWorker } from "@agentmesh/worker-sdk";
import { createTallyWriter } from "../../load/tally.ts";
import { numberArgument, textArgument } from "../../process/arguments.ts";
import { reportReady } from "../../process/report-to-bench.ts";
import { echoAgent, listeners } from "./bench-agents.ts";

const FIRST_WORKER = 0;

const index = numberArgument(2);
const tally = await createTallyWriter(numberArgument(1), index);
const worker = await connectWorker({ host: textArgument(0), name: `bench-worker-${index}` });
if (index === FIRST_WORKER) await worker.register(echoAgent);
for (const event of ["event-1", "event-10"] as const) {
  for (const agent of listeners(event, index, () => tally.add())) await worker.register(agent);
}
reportReady();
