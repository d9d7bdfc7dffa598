/**
 * Looks at the write-ahead log that a host left behind when it was killed. SQLite stops at the first frame whose sum is
 * wrong and takes everything behind it for a transaction that was not finished. It cannot have been that when whole
 * transactions follow, because each was synced before the next one began: then a record that was promised is about to
 * be dropped in silence. The very last transaction cannot be told from one that was torn by a loss of power.
 */
import { readFileSync } from "node:fs";
import { damaged } from "./store-problem.ts";

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const MAGIC = 0x377f0682;

/** @throws StoreProblem when a log has lost committed transactions. A log that is absent or empty is sound. */
export function checkWal(file: string): void {
  const bytes = readIfThere(file);
  if (bytes === undefined || bytes.length < HEADER_BYTES) return;
  const magic = bytes.readUInt32BE(0);
  if ((magic & ~1) >>> 0 !== MAGIC) throw damaged(file, "its header is not that of a log");
  const frames = new Frames(bytes, (magic & 1) === 1);
  if (!frames.isHeaderSound) throw damaged(file, "the sum of its header is wrong");
  const sound = frames.countSound();
  if (frames.commitsBehind(sound) > 1) {
    throw damaged(file, `frame ${sound + 1} of ${frames.count} has a wrong sum`);
  }
}

class Frames {
  readonly #bytes: Buffer;
  readonly #isBigEndian: boolean;
  readonly #frameBytes: number;
  #sums: readonly [number, number];

  constructor(bytes: Buffer, isBigEndian: boolean) {
    this.#bytes = bytes;
    this.#isBigEndian = isBigEndian;
    this.#frameBytes = FRAME_HEADER_BYTES + bytes.readUInt32BE(8);
    this.#sums = this.#add([0, 0], 0, HEADER_BYTES - 8);
  }

  get isHeaderSound(): boolean {
    return this.#isSumAt(HEADER_BYTES - 8);
  }

  /** Whole frames in the file. */
  get count(): number {
    return Math.floor((this.#bytes.length - HEADER_BYTES) / this.#frameBytes);
  }

  /** Frames from the first on that are as they were written. */
  countSound(): number {
    let sound = 0;
    while (sound < this.count && this.#isSound(sound)) sound++;
    return sound;
  }

  /** Transactions of this log, not of an earlier one in the same file, that end at or behind a frame. */
  commitsBehind(first: number): number {
    let commits = 0;
    for (let frame = first; frame < this.count; frame++) {
      if (this.#isOfThisLog(frame) && this.#bytes.readUInt32BE(this.#offset(frame) + 4) > 0)
        commits++;
    }
    return commits;
  }

  #isSound(frame: number): boolean {
    const offset = this.#offset(frame);
    const pageBytes = this.#frameBytes - FRAME_HEADER_BYTES;
    this.#sums = this.#add(this.#sums, offset, 8);
    this.#sums = this.#add(this.#sums, offset + FRAME_HEADER_BYTES, pageBytes);
    return this.#isOfThisLog(frame) && this.#isSumAt(offset + 16);
  }

  #isOfThisLog(frame: number): boolean {
    const offset = this.#offset(frame) + 8;
    return this.#bytes.compare(this.#bytes, 16, 24, offset, offset + 8) === 0;
  }

  #isSumAt(offset: number): boolean {
    const [first, second] = this.#sums;
    return (
      this.#bytes.readUInt32BE(offset) === first && this.#bytes.readUInt32BE(offset + 4) === second
    );
  }

  #offset(frame: number): number {
    return HEADER_BYTES + frame * this.#frameBytes;
  }

  #add(sums: readonly [number, number], offset: number, length: number): readonly [number, number] {
    let [first, second] = sums;
    for (let at = offset; at < offset + length; at += 8) {
      first = (first + this.#word(at) + second) >>> 0;
      second = (second + this.#word(at + 4) + first) >>> 0;
    }
    return [first, second];
  }

  #word(offset: number): number {
    return this.#isBigEndian ? this.#bytes.readUInt32BE(offset) : this.#bytes.readUInt32LE(offset);
  }
}

function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
