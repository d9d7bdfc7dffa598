/**
 * Ids arrive again and again. Each direct-mapped cache turns the bytes of an id that it has seen twice into the same
 * object without building strings; what comes twice in a row replaces what was in its slot, so the memory is bounded.
 * Of an id that comes once nothing is kept: a million of them would drive out the others, and live just long enough to
 * be a burden to the collector.
 */
import { AgentId } from "../identity/agent-id.ts";
import { TopicId } from "../identity/topic-id.ts";
import { WireReader } from "./reader.ts";

const SLOTS = 4096;
/** Longer encodings are decoded each time rather than kept. */
const LONGEST = 192;

interface Encoded {
  readonly encoded: Uint8Array;
}

class NameCache<Name extends Encoded> {
  readonly #slots: (Name | undefined)[] = new Array(SLOTS).fill(undefined);
  /** Hashes of the ids in the slots. */
  readonly #hashes = new Int32Array(SLOTS);
  /** Hash of the last id that came for each slot and was not in it. */
  readonly #seen = new Int32Array(SLOTS);
  readonly #make: (first: string, second: string) => Name;

  constructor(make: (first: string, second: string) => Name) {
    this.#make = make;
  }

  /** Reads a length-delimited pair of strings. */
  read(reader: WireReader): Name {
    const length = reader.length();
    const start = reader.pos;
    const buffer = reader.buffer;
    reader.pos += length;
    if (length > LONGEST) return this.#decode(buffer, start, length);
    const hash = hashOf(buffer, start, length);
    const slot = slotOf(hash);
    const known = this.#slots[slot];
    if (known !== undefined && this.#hashes[slot] === hash) {
      if (same(known.encoded, buffer, start, length)) return known;
    }
    const name = this.#decode(buffer, start, length);
    if (this.#seen[slot] === hash) {
      this.#slots[slot] = name;
      this.#hashes[slot] = hash;
    }
    this.#seen[slot] = hash;
    return name;
  }

  #decode(buffer: Buffer, start: number, length: number): Name {
    const reader = new WireReader(buffer.subarray(start, start + length));
    let first = "";
    let second = "";
    while (reader.pos < reader.end) {
      const tag = reader.tag();
      if (tag === 0x0a) first = reader.text();
      else if (tag === 0x12) second = reader.text();
      else reader.skip(tag);
    }
    // Encoded anew when it is needed: what arrived may hold more than a name, or bytes that are no UTF-8.
    return this.#make(first, second);
  }
}

function hashOf(buffer: Buffer, start: number, length: number): number {
  let hash = length;
  for (let pos = start; pos < start + length; pos++) {
    hash = (Math.imul(hash, 31) + (buffer[pos] as number)) | 0;
  }
  return hash;
}

function slotOf(hash: number): number {
  return (hash ^ (hash >>> 15)) & (SLOTS - 1);
}

function same(known: Uint8Array, buffer: Buffer, start: number, length: number): boolean {
  if (known.length !== length) return false;
  for (let index = 0; index < length; index++) {
    if (known[index] !== buffer[start + index]) return false;
  }
  return true;
}

/** Names of message types and media types: few, short, and in every message. */
class TextCache {
  readonly #texts: (string | undefined)[] = new Array(SLOTS).fill(undefined);
  readonly #bytes: (Uint8Array | undefined)[] = new Array(SLOTS).fill(undefined);

  read(reader: WireReader): string {
    const length = reader.length();
    const start = reader.pos;
    const { buffer } = reader;
    reader.pos += length;
    if (length > LONGEST) return buffer.toString("utf8", start, start + length);
    const slot = slotOf(hashOf(buffer, start, length));
    const known = this.#bytes[slot];
    if (known !== undefined && same(known, buffer, start, length))
      return this.#texts[slot] as string;
    const text = buffer.toString("utf8", start, start + length);
    this.#bytes[slot] = Uint8Array.from(buffer.subarray(start, start + length));
    this.#texts[slot] = text;
    return text;
  }
}

const texts = new TextCache();

/** Reads a string that arrives again and again. */
export function readName(reader: WireReader): string {
  return texts.read(reader);
}

const agents = new NameCache((type, key) => new AgentId(type, key));
const topics = new NameCache((type, source) => new TopicId(type, source));

/** Reads an AgentId field. Its grammar is not checked. */
export function readAgentId(reader: WireReader): AgentId {
  return agents.read(reader);
}

/** Reads a TopicId field. Its grammar is not checked. */
export function readTopicId(reader: WireReader): TopicId {
  return topics.read(reader);
}
