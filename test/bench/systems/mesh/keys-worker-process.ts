/** The worker of a million agents: `keys-worker-process <host>`. */
import { connectWorker } from "@agentmesh/worker-sdk";
import { textArgument } from "../../process/arguments.ts";
import { reportReady } from "../../process/report-to-bench.ts";
import { keyAgent } from "./bench-agents.ts";

const worker = await connectWorker({ host: textArgument(0), name: "bench-keys" });
await worker.register(keyAgent);
reportReady();
