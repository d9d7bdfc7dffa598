import { connectWorker, type Worker } from "@agentmesh/worker-sdk";
import { atTheEnd } from "../support/ending.ts";

/** Connects a worker without agents in this process; it is closed with the stage. */
export async function startCaller(host: string): Promise<Worker> {
  const worker = await connectWorker({ host, name: "caller" });
  atTheEnd(() => worker.close());
  return worker;
}
