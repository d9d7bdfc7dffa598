/** Both agents in one process. Start it several times: each agent lives in one of them. */
import { connectWorker } from "@agentmesh/worker-sdk";
import { clerk } from "./clerk.ts";
import { stock } from "./stock.ts";

const worker = await connectWorker();
await worker.register(stock);
await worker.register(clerk);
console.log(`${worker.name} is ready`);

// What is in hand is finished and the agents move on; then nothing keeps the process alive.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => worker.drain());

// It comes back after every loss of its connection; what it does not come back from ends the process, with a reason.
const reason = await worker.closed;
if (reason !== undefined) throw reason;
