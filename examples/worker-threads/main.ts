/** Workers in threads, for agents that calculate. Spreads calculations over them and checks who did what. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { Worker as Thread } from "node:worker_threads";
import { createHost } from "@agentmesh/host";
import { anyKey, connectClient } from "@agentmesh/worker-sdk";
import { CountPrimes } from "./messages.ts";

const THREADS = 3;
const BELOW = 20_000;
const PRIMES = 2_262;

await using host = await createHost({ listen: "127.0.0.1:0", logLevel: "silent" });
await using client = await connectClient({ host: host.address });

async function startThread(): Promise<Thread> {
  const thread = new Thread(new URL("thread.js", import.meta.url), {
    workerData: { host: host.address },
  });
  await once(thread, "message");
  return thread;
}

const threads = await Promise.all(Array.from({ length: THREADS }, startThread));
const calls = Array.from({ length: 8 * THREADS }, () =>
  client.send(anyKey("primes"), CountPrimes({ below: BELOW })),
);
const answers = await Promise.all(calls);

for (const { primes } of answers) assert.equal(primes, PRIMES);
const busy = new Set(answers.map(({ thread }) => thread));
assert.equal(busy.size, THREADS);

for (const thread of threads) {
  const exit = once(thread, "exit");
  thread.postMessage("leave");
  assert.deepEqual(await exit, [0]);
}
console.log(`ok: ${answers.length} calculations on ${busy.size} threads`);
