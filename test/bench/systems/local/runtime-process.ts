/** Client and agents on the local runtime. */
import { createLocalRuntime } from "@agentmesh/worker-sdk";
import { readyMadePayload, serveClient } from "../../load/client-driver.ts";
import { roundRobin } from "../../load/round-robin.ts";
import { ECHO_IDS, Echo, echoAgent } from "../mesh/bench-agents.ts";

const runtime = createLocalRuntime();
await runtime.register(echoAgent);
const payload = readyMadePayload();
const target = roundRobin(ECHO_IDS);

await serveClient({ calls: { send: (turn) => runtime.send(target(turn), Echo(payload)) } });
