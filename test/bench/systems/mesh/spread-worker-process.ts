/** Many workers in one process: `spread-worker-process <host> <first> <count>`. */
import { connectWorker } from "@agentmesh/worker-sdk";
import { numberArgument, textArgument } from "../../process/arguments.ts";
import { reportReady } from "../../process/report-to-bench.ts";
import { spreadAgent } from "./bench-agents.ts";

const first = numberArgument(1);
for (let index = first; index < first + numberArgument(2); index++) {
  const worker = await connectWorker({ host: textArgument(0), name: `bench-spread-${index}` });
  await worker.register(spreadAgent(index));
}
reportReady();
