/** Batches of a worker, by hand. */
import {
  appendWorkerFrame,
  openBatch,
  setFirstNumber,
  setReceivedThrough,
  WireWriter,
  type WorkerFrame,
} from "@agentmesh/proto/wire";

/** Frames as one batch. 0 as the number of the first makes it one that is not numbered. */
export function encodeBatch(
  frames: readonly WorkerFrame[],
  firstNumber = 0,
  receivedThrough = 0,
): Buffer {
  const writer = new WireWriter();
  openBatch(writer);
  for (const frame of frames) appendWorkerFrame(writer, frame);
  const batch = writer.copy();
  setFirstNumber(batch, firstNumber);
  setReceivedThrough(batch, receivedThrough);
  return batch;
}
