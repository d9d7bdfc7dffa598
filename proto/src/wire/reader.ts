import { type MeshError, meshError } from "../errors/mesh-error.ts";

/** Reads protobuf from a buffer. Malformed input throws `PROTOCOL_VIOLATION`; nothing is read past the end. */
export class WireReader {
  /** The buffer that is read. */
  readonly buffer: Buffer;
  /** Where the next byte is. */
  pos: number;
  /** Where the message ends. */
  end: number;

  constructor(buffer: Uint8Array) {
    this.buffer = Buffer.isBuffer(buffer)
      ? buffer
      : Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    this.pos = 0;
    this.end = buffer.length;
  }

  /** A field's tag: `field << 3 | wire type`. */
  tag(): number {
    const tag = this.varint();
    if (tag < 8 || tag > 0xffffffff) throw malformed(`tag ${tag}`);
    return tag;
  }

  /** A varint below 2^53. */
  varint(): number {
    const { buffer, end } = this;
    let pos = this.pos;
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      if (pos >= end) throw malformed("truncated number");
      const byte = buffer[pos++] as number;
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.pos = pos;
        return low;
      }
    }
    return this.#highPart(pos) * 0x10000000 + low;
  }

  /** A varint of a uint32 field. As protobuf has it, a longer one counts modulo 2^32. */
  uint32(): number {
    return this.varint() >>> 0;
  }

  /** A fixed64 below 2^53. */
  fixed64(): number {
    if (this.pos + 8 > this.end) throw malformed("truncated number");
    const low = this.buffer.readUInt32LE(this.pos);
    const high = this.buffer.readUInt32LE(this.pos + 4);
    if (high > 0x1fffff) throw malformed("number above 2^53");
    this.pos += 8;
    return high * 0x100000000 + low;
  }

  /** A length, checked against what is left; `pos` is then at the value. */
  length(): number {
    const length = this.varint();
    if (length > this.end - this.pos) throw malformed("length past the end");
    return length;
  }

  /** A length-delimited value as a view of the buffer. */
  bytes(): Buffer {
    const length = this.length();
    const start = this.pos;
    this.pos += length;
    return this.buffer.subarray(start, this.pos);
  }

  /** A length-delimited string. */
  text(): string {
    const length = this.length();
    const start = this.pos;
    this.pos += length;
    return length === 0 ? "" : this.buffer.toString("utf8", start, this.pos);
  }

  /** Passes over the value of a field that is not known. */
  skip(tag: number): void {
    switch (tag & 7) {
      case 0:
        this.#skipVarint();
        return;
      case 1:
        this.#advance(8);
        return;
      case 2:
        this.#advance(this.length());
        return;
      case 5:
        this.#advance(4);
        return;
      default:
        throw malformed(`wire type ${tag & 7}`);
    }
  }

  #advance(bytes: number): void {
    if (bytes > this.end - this.pos) throw malformed("truncated field");
    this.pos += bytes;
  }

  /** What follows the first four bytes of a varint, which begin before `from`: bit operations see 32 bits only. */
  #highPart(from: number): number {
    const { buffer, end } = this;
    let pos = from;
    let high = 0;
    for (let shift = 0; shift < 42; shift += 7) {
      if (pos >= end) throw malformed("truncated number");
      const byte = buffer[pos++] as number;
      if (shift < 28) high |= (byte & 0x7f) << shift;
      if (high > 0x1ffffff || (shift >= 28 && (byte & 0x7f) !== 0))
        throw malformed("number above 2^53");
      if (byte < 0x80) {
        this.pos = pos;
        return high;
      }
    }
    throw malformed("varint of more than 10 bytes");
  }

  /** The value of an unknown field may be any of 64 bits. */
  #skipVarint(): void {
    for (let count = 0; count < 10; count++) {
      if (this.pos >= this.end) throw malformed("truncated number");
      if ((this.buffer[this.pos++] as number) < 0x80) return;
    }
    throw malformed("varint of more than 10 bytes");
  }
}

/** The error for bytes that are not the protobuf they should be. */
export function malformed(what: string, options?: ErrorOptions): MeshError {
  return meshError("PROTOCOL_VIOLATION", `malformed bytes: ${what}`, options);
}
