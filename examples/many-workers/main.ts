/** Many workers in one process, each a place of its own for agents. Checks how they share the work. */
import assert from "node:assert/strict";
import { createHost } from "@agentmesh/host";
import {
  agentId,
  closureAgent,
  connectClient,
  connectWorker,
  defineMessage,
  type Worker,
} from "@agentmesh/worker-sdk";
import { z } from "zod";

const WORKERS = 10;
const KEYS = Array.from({ length: 300 }, (_, at) => `key-${at}`);

const Place = defineMessage("many.Place", z.object({ worker: z.string() }));
const WhereAreYou = defineMessage("many.WhereAreYou", z.object({}), { reply: Place });

await using host = await createHost({ listen: "127.0.0.1:0", logLevel: "silent" });
await using client = await connectClient({ host: host.address });

async function startWorker(name: string): Promise<Worker> {
  const worker = await connectWorker({ host: host.address, name });
  await worker.register(closureAgent("agent", WhereAreYou, async () => ({ worker: name })));
  return worker;
}

/** Which worker each key is on. */
async function places(): Promise<Map<string, string>> {
  const ask = async (key: string): Promise<[string, string]> => {
    const place = await client.send(agentId("agent", key), WhereAreYou({}));
    return [key, place.worker];
  };
  return new Map(await Promise.all(KEYS.map(ask)));
}

const names = Array.from({ length: WORKERS }, (_, at) => `worker-${at}`);
const [first, ...others] = await Promise.all(names.map(startWorker));
assert.ok(first);

// The keys spread over all workers, and an active key stays where it is.
const before = await places();
assert.deepEqual(new Set(before.values()), new Set(names));
assert.deepEqual(await places(), before);

// When a worker leaves, its keys move and the others stay.
await first.drain();
const after = await places();
for (const [key, worker] of after) {
  assert.notEqual(worker, first.name);
  if (before.get(key) !== first.name) assert.equal(worker, before.get(key));
}

await Promise.all(others.map((worker) => worker.close()));
console.log(`ok: ${KEYS.length} agents on ${WORKERS} workers, then on ${others.length}`);
