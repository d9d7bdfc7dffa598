/**
 * One worker of the review: `node worker.js <host address> <name> <role> [path to break on]`. Says `<name> ready` when
 * its agents are registered, and leaves when it is told to.
 */
import { connectWorker } from "@agentmesh/worker-sdk";
import { enlist, ROLES } from "./crew.ts";
import { leaveWhenTold } from "./leaving.ts";

/** Milliseconds for turns that are under way when the worker leaves. */
const GRACE_MS = 3_000;

const [host = "", name = "", roleName, breaksOn] = process.argv.slice(2);
const role = ROLES.find((known) => known === roleName);
if (role === undefined) throw new Error(`there is no role ${roleName}`);

const worker = await connectWorker({ host, name });
await enlist([role], worker, { worker: name, breaksOn });
leaveWhenTold(() => worker.drain({ graceMs: GRACE_MS }));

process.stdout.write(`${name} ready\n`);
