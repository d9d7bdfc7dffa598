/**
 * Memory for what is kept until it is acknowledged, which happens in the order in which it came. Blocks are used again,
 * because memory outside of the heap is what drives the garbage collector: a session that allocated a buffer for each
 * batch made it mark the whole heap several times a second.
 *
 * 1. What is stored stays as it is until it is released; the oldest is released first.
 * 2. `#blocks` holds the blocks in use, oldest first; the last one is written to.
 */
import { Fifo } from "./fifo.ts";

const BLOCK_BYTES = 64 * 1024;
/** Blocks that wait to be used again. */
const MOST_SPARE = 4;

interface Block {
  readonly memory: Buffer;
  /** Where the next bytes go. */
  end: number;
  /** How many of those stored in it are not released. */
  stored: number;
}

export class ReplayMemory {
  readonly #blocks = new Fifo<Block>();
  readonly #spare: Block[] = [];
  #newest: Block | undefined;

  /** Stores a copy. @returns the copy, valid until its release. */
  store(bytes: Uint8Array): Buffer {
    const block = this.#roomFor(bytes.length);
    const start = block.end;
    block.memory.set(bytes, start);
    block.end += bytes.length;
    block.stored++;
    return block.memory.subarray(start, block.end);
  }

  /** Releases the oldest. */
  release(): void {
    const oldest = this.#blocks.first;
    if (oldest === undefined) return;
    oldest.stored--;
    if (oldest.stored > 0) return;
    oldest.end = 0;
    if (oldest === this.#newest) return;
    this.#blocks.shift();
    // A block that was made for something large is not worth keeping.
    const isSpare = oldest.memory.length === BLOCK_BYTES && this.#spare.length < MOST_SPARE;
    if (isSpare) this.#spare.push(oldest);
  }

  #roomFor(bytes: number): Block {
    const newest = this.#newest;
    if (newest !== undefined && newest.memory.length - newest.end >= bytes) return newest;
    const block = (bytes <= BLOCK_BYTES ? this.#spare.pop() : undefined) ?? emptyBlock(bytes);
    // An empty block that is too small makes way: nothing in it would ever be released.
    if (newest !== undefined && newest.stored === 0) this.#blocks.shift();
    this.#blocks.push(block);
    this.#newest = block;
    return block;
  }
}

function emptyBlock(bytes: number): Block {
  const memory = Buffer.allocUnsafeSlow(Math.max(bytes, BLOCK_BYTES));
  return { memory, end: 0, stored: 0 };
}
