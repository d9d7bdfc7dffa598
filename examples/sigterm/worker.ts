/** SIGTERM in user code: drain, clean up, exit. `node worker.js <host address>` */
import { once } from "node:events";
import { connectWorker, defineAgent } from "@agentmesh/worker-sdk";
import { Work } from "./messages.ts";

/** Milliseconds for turns that are under way; below the time after which the platform kills the process. */
const GRACE_MS = 5_000;

const asked = once(process, "SIGTERM");

/** The longest of all jobs: it is still at work when the process is asked to leave. */
const job = defineAgent("job", {
  handlers: (on) => [
    on(Work, async function* () {
      yield { text: "begun" };
      await asked;
      yield { text: "finished" };
    }),
  ],
});

const [, , host = ""] = process.argv;
const worker = await connectWorker({ host, name: "leaves-in-peace" });
await worker.register(job);
console.log("ready");

// A host that does not take this worker any more ends it: then nobody has asked, and the process says why.
const reason = await Promise.race([asked.then(() => undefined), worker.closed]);
if (reason !== undefined) throw reason;
// From here on the host gives new work to others; what is under way finishes, and its replies arrive.
await worker.drain({ graceMs: GRACE_MS });
// The place for what the process itself has to put in order: a pool of connections, a file.
console.log("left");
