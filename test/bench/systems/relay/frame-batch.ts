/**
 * Batches of the relay, `repeated bytes frames = 1`: what is queued in one turn of the event loop
 * travels together, as in our protocol, and a frame is never looked into.
 */

const BATCH_FRAMES = 512;
const BATCH_BYTES = 256 * 1024;
const FRAME_TAG = 0x0a;

/**
 * Collects frames and writes a batch when the turn of the event loop is over, or when it is
 * full.
 */
export class FrameOutbox {
  readonly #write: (batch: Buffer) => void;
  #frames: Uint8Array[] = [];
  #bytes = 0;
  #scheduled = false;

  constructor(write: (batch: Buffer) => void) {
    this.#write = write;
  }

  /** Queues one frame. */
  push(frame: Uint8Array): void {
    const size = frame.length + 1 + varintBytes(frame.length);
    if (this.#frames.length === BATCH_FRAMES || this.#bytes + size > BATCH_BYTES) this.#flush();
    this.#frames.push(frame);
    this.#bytes += size;
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#onTurnEnd);
  }

  readonly #onTurnEnd = (): void => {
    this.#scheduled = false;
    this.#flush();
  };

  #flush(): void {
    if (this.#frames.length === 0) return;
    const batch = Buffer.allocUnsafe(this.#bytes);
    let at = 0;
    for (const frame of this.#frames) {
      batch[at] = FRAME_TAG;
      at = writeVarint(batch, at + 1, frame.length);
      batch.set(frame, at);
      at += frame.length;
    }
    this.#frames = [];
    this.#bytes = 0;
    this.#write(batch);
  }
}

/** Visits the frames of a batch; they are views of it. @throws when it is malformed. */
export function forEachFrame(batch: Buffer, visit: (frame: Buffer) => void): void {
  let at = 0;
  while (at < batch.length) {
    if (batch[at++] !== FRAME_TAG) throw new Error("malformed batch");
    let length = 0;
    let byte = 0x80;
    for (let shift = 0; byte >= 0x80; shift += 7) {
      byte = batch[at++] ?? 0;
      length |= (byte & 0x7f) << shift;
    }
    const start = at;
    at += length;
    if (start > batch.length || at > batch.length) throw new Error("malformed batch");
    visit(batch.subarray(start, at));
  }
}

function varintBytes(value: number): number {
  return value < 1 << 7 ? 1 : value < 1 << 14 ? 2 : 3;
}

function writeVarint(buffer: Buffer, start: number, value: number): number {
  let at = start;
  let rest = value;
  for (; rest >= 0x80; rest >>>= 7) buffer[at++] = (rest & 0x7f) | 0x80;
  buffer[at++] = rest;
  return at;
}
