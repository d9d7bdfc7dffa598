/** What a host has to carry beside the load: `crowd-process <host> subscriptions|sessions <count>`. */
import { connectWorker, type Worker } from "@agentmesh/worker-sdk";
import { numberArgument, textArgument } from "../../process/arguments.ts";
import { reportReady } from "../../process/report-to-bench.ts";
import { spreadAgent } from "./bench-agents.ts";

/** Subscriptions that one session may have. */
const EACH = 10_000;

const count = numberArgument(2);
if (textArgument(1) === "sessions") await openSessions();
else await subscribeAll();
reportReady();

async function openSessions(): Promise<void> {
  for (let index = 0; index < count; index++) await open(`bench-idle-${index}`);
}

async function subscribeAll(): Promise<void> {
  const { type } = spreadAgent(0);
  for (let first = 0; first < count; first += EACH) {
    const worker = await open(`bench-crowd-${first}`);
    const topics = Array.from({ length: EACH }, (_, index) => `bench.crowd.${first + index}`);
    await Promise.all(topics.map((topic) => worker.subscribe({ type: topic }, type)));
  }
}

function open(name: string): Promise<Worker> {
  return connectWorker({ host: textArgument(0), name });
}
