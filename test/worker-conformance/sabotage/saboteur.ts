/**
 * A worker that breaks one rule, for the tests of the runner: `node saboteur.js "<name>"`. It is the example worker, which
 * keeps all of them, behind a link that breaks this one.
 */
import {
  readHostBatch,
  readWorkerBatch,
  setFirstNumber,
  setReceivedThrough,
} from "@agentmesh/proto/wire";
import { encodeBatch as encodeWorkerBatch } from "../../support/batches.ts";
import { RawStream } from "../../support/raw-stream.ts";
import { FakeHost, type WorkerStream } from "../fake-host.ts";
import { encodeBatch as encodeHostBatch } from "../host-words.ts";
import type { HostBatch, Sabotage } from "./sabotage.ts";
import { FAITHFUL, SABOTAGES } from "./sabotages.ts";

const WORKER = new URL("../../../../examples/dist/typescript-worker/worker.js", import.meta.url)
  .href;
const RUNNER = process.env.AGENTMESH_ADDRESS ?? "127.0.0.1:50051";

function link(worker: WorkerStream, { toHost, toWorker }: Sabotage): void {
  const host = new RawStream(RUNNER, {
    onBatch(bytes) {
      const batch = toWorker === undefined ? bytes : toWorker(readHostBatch(bytes));
      if (batch === "cut") void host.cut();
      else worker.write(Buffer.isBuffer(batch) ? batch : encodeFromHost(batch));
    },
    onEnd: () => (host.end?.status === 0 ? worker.finish() : worker.cut()),
  });
  worker.onBatch = (bytes) => {
    if (toHost === undefined) return host.write(bytes);
    const { frames, firstNumber, receivedThrough } = toHost(readWorkerBatch(bytes));
    host.write(encodeWorkerBatch(frames, firstNumber, receivedThrough));
  };
  worker.onEnd = () => void host.cut();
}

function encodeFromHost({ frames, firstNumber, receivedThrough }: HostBatch): Buffer {
  const batch = encodeHostBatch(frames);
  setFirstNumber(batch, firstNumber);
  setReceivedThrough(batch, receivedThrough);
  return batch;
}

const [, , name = ""] = process.argv;
const sabotage = name === FAITHFUL ? { breaks: [] } : SABOTAGES[name];
if (sabotage === undefined) throw new Error(`there is no sabotage "${name}"`);
const { address } = await FakeHost.start((stream) => link(stream, sabotage));
process.env.AGENTMESH_ADDRESS = address;
await import(WORKER);
