/**
 * Batches: ConnectRequest and ConnectResponse have the same shape. The two fixed64 fields come first, so that their
 * place is known and the acknowledgement can be written in when the batch leaves.
 */
import type { Batch, HostFrame, WorkerFrame } from "./frames.ts";
import { readHostFrame } from "./host-frames.ts";
import { malformed, WireReader } from "./reader.ts";
import { FRAME_TAG } from "./tags.ts";
import { readWorkerFrame } from "./worker-frames.ts";
import type { WireWriter } from "./writer.ts";

/** Bytes of the two numbers at the start of a batch. */
export const BATCH_HEAD_BYTES = 18;
/** Frames in a batch at most. */
export const BATCH_FRAMES = 512;
/** Bytes after which a batch is closed; a larger frame travels alone. */
export const BATCH_BYTES = 256 * 1024;

/** Starts a batch: leaves room for its head. */
export function openBatch(writer: WireWriter): void {
  writer.reset();
  writer.reserve(BATCH_HEAD_BYTES);
  writer.pos = BATCH_HEAD_BYTES;
}

/** Writes the number of the first frame into a batch. */
export function setFirstNumber(batch: Buffer, firstNumber: number): void {
  batch[0] = 0x09;
  writeFixed64(batch, 1, firstNumber);
}

/** Writes the acknowledgement into a batch. */
export function setReceivedThrough(batch: Buffer, receivedThrough: number): void {
  batch[9] = 0x11;
  writeFixed64(batch, 10, receivedThrough);
}

function writeFixed64(buffer: Buffer, at: number, value: number): void {
  buffer.writeUInt32LE(value % 0x100000000, at);
  buffer.writeUInt32LE(Math.floor(value / 0x100000000), at + 4);
}

/** Reads a ConnectRequest. @throws MeshError `PROTOCOL_VIOLATION` when it is malformed or too large. */
export function readWorkerBatch(bytes: Uint8Array): Batch<WorkerFrame> {
  return readBatch(bytes, readWorkerFrame);
}

/** Reads a ConnectResponse. @throws MeshError `PROTOCOL_VIOLATION` when it is malformed or too large. */
export function readHostBatch(bytes: Uint8Array): Batch<HostFrame> {
  return readBatch(bytes, readHostFrame);
}

function readBatch<Frame>(bytes: Uint8Array, readFrame: (reader: WireReader) => Frame | undefined): Batch<Frame> {
  const reader = new WireReader(bytes);
  const end = reader.end;
  const frames: Frame[] = [];
  let firstNumber = 0;
  let receivedThrough = 0;
  let count = 0;
  while (reader.pos < end) {
    const tag = reader.tag();
    if (tag === FRAME_TAG) {
      const length = reader.length();
      reader.end = reader.pos + length;
      count++;
      const frame = readFrame(reader);
      if (frame !== undefined) frames.push(frame);
      if (reader.pos !== reader.end) throw malformed("frame past its end");
      reader.end = end;
    } else if (tag === 0x09) firstNumber = reader.fixed64();
    else if (tag === 0x11) receivedThrough = reader.fixed64();
    else reader.skip(tag);
  }
  if (count > BATCH_FRAMES) throw malformed(`${count} frames in a batch; the most is ${BATCH_FRAMES}`);
  if (count > 1 && bytes.length > BATCH_BYTES + BATCH_HEAD_BYTES) {
    throw malformed(`${bytes.length} bytes in a batch of ${count} frames; the most is ${BATCH_BYTES}`);
  }
  return { firstNumber, receivedThrough, frames, count };
}
