/** The worker whose ten agents get large events: `large-worker-process <host> <tally port>`. */
import { connectWorker } from "@agentmesh/worker-sdk";
import { createTallyWriter } from "../../load/tally.ts";
import { numberArgument, textArgument } from "../../process/arguments.ts";
import { reportReady } from "../../process/report-to-bench.ts";
import { listeners } from "./bench-agents.ts";

const tally = await createTallyWriter(numberArgument(1), 0);
const worker = await connectWorker({ host: textArgument(0), name: "bench-large" });
for (const agent of listeners("large-10", 0, () => tally.add())) await worker.register(agent);
reportReady();
