/** The worker of the durable rows on AgentMesh: `durable-worker-process <host> <tally port>`. */
import { connectWorker, defineAgent } from "@agentmesh/worker-sdk";
import { createTallyWriter } from "../../load/tally.ts";
import { numberArgument, textArgument } from "../../process/arguments.ts";
import { reportReady } from "../../process/report-to-bench.ts";
import { durableAgentType, Happened } from "./bench-agents.ts";

const tally = await createTallyWriter(numberArgument(1), 0);
const worker = await connectWorker({ host: textArgument(0), name: "bench-worker" });
await worker.register(
  defineAgent(durableAgentType("durable-handled"), {
    handlers: (on) => [on(Happened, async () => tally.add())],
  }),
);
reportReady();
