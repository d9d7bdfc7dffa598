/**
 * One worker of the review: `node worker.js <host address> <name> <role> [path to break on]`. Says `<name> ready` when
 * its agents are registered. Leaves on SIGTERM, and when its standard input ends: then who started it is gone.
 */
import { connectWorker } from "@agentmesh/worker-sdk";
import { enlist, ROLES } from "./crew.ts";

/** Milliseconds for turns that are under way when the worker leaves. */
const GRACE_MS = 3_000;

const [host = "", name = "", roleName, breaksOn] = process.argv.slice(2);
const role = ROLES.find((known) => known === roleName);
if (role === undefined) throw new Error(`there is no role ${roleName}`);

const worker = await connectWorker({ host, name });
await enlist(role, worker, { worker: name, breaksOn });

let isLeaving = false;
async function leave(): Promise<void> {
  if (isLeaving) return;
  isLeaving = true;
  await worker.drain({ graceMs: GRACE_MS });
  process.exit(0);
}
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, leave);
process.stdin.on("end", leave).resume();

process.stdout.write(`${name} ready\n`);
