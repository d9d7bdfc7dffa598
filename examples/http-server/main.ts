/** A client inside an HTTP server. Runs a mesh and the server, asks it over HTTP, checks the answers and ends. */
import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import type { AddressInfo } from "node:net";
import { createHost } from "@agentmesh/host";
import { connectClient, connectWorker } from "@agentmesh/worker-sdk";
import { station } from "./agents.ts";
import { weatherServer } from "./server.ts";

await using host = await createHost({ listen: "127.0.0.1:0", logLevel: "silent" });
await using client = await connectClient({ host: host.address });
const server = weatherServer(client).listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address() as AddressInfo;
const get = (path: string, signal?: AbortSignal) =>
  fetch(`http://127.0.0.1:${port}${path}`, signal === undefined ? {} : { signal });

// No worker has the agents yet: the mesh says so at once, and that trying again is safe.
const early = await get("/weather/delphi");
assert.equal(early.status, 503);

const watchers = new EventEmitter();
const worker = await connectWorker({ host: host.address, name: "station" });
await worker.register(station((town) => watchers.emit("left", town)));

assert.equal(await (await get("/weather/delphi")).text(), "sunny in delphi\n");
assert.equal((await get("/weather/atlantis")).status, 404);
assert.equal((await get("/weather/%ff")).status, 400);
assert.equal(await (await get("/day/thebes")).text(), "6:00 sunny\n12:00 sunny\n18:00 sunny\n");

// A caller who leaves in the middle of a stream: the agent is told and stops.
const leaving = new AbortController();
const watching = await get("/watch/thebes", leaving.signal);
const reader = watching.body?.getReader();
assert.equal(new TextDecoder().decode((await reader?.read())?.value), "sunny in thebes\n");
const left = once(watchers, "left");
leaving.abort();
assert.deepEqual(await left, ["thebes"]);

await worker.close();
server.close();
server.closeAllConnections();
console.log("ok: answers, refusals, and a caller who left");
