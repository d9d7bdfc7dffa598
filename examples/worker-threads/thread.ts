/** A thread with a worker of its own: what keeps this thread's processor busy holds up no other agent. */
import { parentPort, threadId, workerData } from "node:worker_threads";
import { closureAgent, connectWorker } from "@agentmesh/worker-sdk";
import { CountPrimes } from "./messages.ts";

/** Without state, so that any thread that is free will do. */
const counter = closureAgent("primes", CountPrimes, async ({ below }) => {
  let primes = 0;
  for (let number = 2; number < below; number++) if (isPrime(number)) primes++;
  return { primes, thread: threadId };
});

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor++) {
    if (number % divisor === 0) return false;
  }
  return true;
}

const worker = await connectWorker({ host: workerData.host, name: `thread-${threadId}` });
await worker.register(counter);
parentPort?.postMessage("ready");
parentPort?.once("message", () => void worker.drain().then(() => parentPort?.close()));
