/** Starts a worker process, ends it by SIGTERM in the middle of a job, and checks that the job was finished first. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createHost } from "@agentmesh/host";
import { agentId, connectClient } from "@agentmesh/worker-sdk";
import { Work } from "./messages.ts";

const program = fileURLToPath(new URL("worker.js", import.meta.url));

await using host = await createHost({ listen: "127.0.0.1:0", logLevel: "silent" });
await using client = await connectClient({ host: host.address });

const child = spawn(process.execPath, [program, host.address], {
  stdio: ["ignore", "pipe", "inherit"],
});
const exit = once(child, "exit");
const lines = createInterface({ input: child.stdout });
const said: string[] = [];
lines.on("line", (line) => said.push(line));
await once(lines, "line");

const steps: string[] = [];
for await (const { text } of client.stream(agentId("job", "1"), Work({}))) {
  steps.push(text);
  if (text === "begun") child.kill("SIGTERM");
}

assert.deepEqual(await exit, [0, null]);
assert.deepEqual(steps, ["begun", "finished"]);
assert.deepEqual(said, ["ready", "left"]);
console.log("ok: the job was finished before the process left");
