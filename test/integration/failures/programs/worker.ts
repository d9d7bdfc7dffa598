/** A worker with probes, in a process of its own: `worker <task as JSON>`. */
import { connectWorker, type RuntimeStatus } from "@agentmesh/worker-sdk";
import { hangUp, listen, readTask, tell } from "../../../support/ipc.ts";
import { Gate } from "./gate.ts";
import { probe } from "./probe.ts";
import { type Order, SMALL_CHANCE, type WorkerTask } from "./protocol.ts";

const { options, types, agentWindow } = readTask<WorkerTask>();
const gate = new Gate();
const worker = await connectWorker({ ...options, random: SMALL_CHANCE });
const post = { worker: options.name, agentWindow, gate, tell };
for (const type of types) await worker.register(probe(type, post));

async function tellStatus(): Promise<void> {
  for await (const status of worker.status) tell({ kind: "status", status: plain(status) });
}

/** A status as the IPC channel carries it. */
function plain(status: RuntimeStatus) {
  const { kind } = status;
  return kind === "connected"
    ? { kind, address: status.address, resumed: status.resumed }
    : { kind };
}

async function leave(): Promise<void> {
  await worker.drain();
  tell({ kind: "left" });
  hangUp();
}

function obey({ kind }: Order): void {
  if (kind === "open-gate") gate.open();
  else void leave();
}

listen(obey);
void tellStatus();
tell({ kind: "ready" });
