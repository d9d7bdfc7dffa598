/** A client inside an HTTP server. Runs a mesh and the server, asks it over HTTP, checks the answers and ends. */
import assert from "node:assert/strict";
import { once } from "node:events";
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
const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);

// No worker has the agents yet: the mesh says so at once, and that trying again is safe.
const early = await get("/weather/delphi");
assert.equal(early.status, 503);

const worker = await connectWorker({ host: host.address, name: "station" });
await worker.register(station);

assert.equal(await (await get("/weather/delphi")).text(), "sunny in delphi\n");
assert.equal((await get("/weather/atlantis")).status, 404);
assert.equal((await get("/weather/%ff")).status, 400);
assert.equal(await (await get("/day/thebes")).text(), "6:00 sunny\n12:00 sunny\n18:00 sunny\n");

await worker.close();
server.close();
server.closeAllConnections();
console.log("ok: answers, refusals, and one for later");
