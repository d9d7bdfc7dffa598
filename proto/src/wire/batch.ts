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

function readBatch<Frame>(bytes: Uint8Array, readFrame: ReadFrame<Frame>): Batch<Frame> {
  const reader = new WireReader(bytes);
  const frames: Frame[] = [];
  let skipped: number[] | undefined;
  let firstNumber = 0;
  let receivedThrough = 0;
  let count = 0;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === FRAME_TAG) {
      checkLimits(++count, bytes.length);
      const frame = readOne(reader, readFrame);
      if (frame !== undefined) frames.push(frame);
      else {
        skipped ??= [];
        skipped.push(count - 1);
      }
    } else if (tag === 0x09) firstNumber = reader.fixed64();
    else if (tag === 0x11) receivedThrough = reader.fixed64();
    else reader.skip(tag);
  }
  return { firstNumber, receivedThrough, frames, count, skipped: skipped ?? NOTHING };
}

type ReadFrame<Frame> = (reader: WireReader) => Frame | undefined;

const NOTHING: readonly number[] = [];

/** Reads a frame by narrowing the reader to it. */
function readOne<Frame>(reader: WireReader, readFrame: ReadFrame<Frame>): Frame | undefined {
  const length = reader.length();
  const end = reader.end;
  reader.end = reader.pos + length;
  const frame = readFrame(reader);
  if (reader.pos !== reader.end) throw malformed("frame past its end");
  reader.end = end;
  return frame;
}

/** Frame by frame, so that a batch of a million empty frames is refused at the first one too many. */
function checkLimits(count: number, bytes: number): void {
  if (count > BATCH_FRAMES) throw malformed(`more than ${BATCH_FRAMES} frames in a batch`);
  if (count > 1 && bytes > BATCH_BYTES + BATCH_HEAD_BYTES) {
    throw malformed(`${bytes} bytes in a batch of several frames; the most is ${BATCH_BYTES}`);
  }
}
