import { meshError } from "../errors/mesh-error.ts";

/** Reads protobuf from a buffer. Malformed input throws `PROTOCOL_VIOLATION`; nothing is read past the end. */
export class WireReader {
  /** The buffer that is read. */
  readonly buffer: Buffer;
  /** Where the next byte is. */
  pos: number;
  /** Where the message ends. */
  end: number;

  constructor(buffer: Uint8Array) {
    this.buffer = Buffer.isBuffer(buffer) ? buffer : Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength);
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
    const buffer = this.buffer;
    let pos = this.pos;
    let byte = this.#byteAt(pos++);
    let value = byte & 0x7f;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      if (shift > 63) throw malformed("varint of more than 10 bytes");
      byte = pos < this.end ? (buffer[pos++] as number) : this.#byteAt(pos);
      value = shift < 28 ? value | ((byte & 0x7f) << shift) : value + (byte & 0x7f) * 2 ** shift;
    }
    if (value > Number.MAX_SAFE_INTEGER) throw malformed("number above 2^53");
    this.pos = pos;
    return value;
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
        this.varint();
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

  #byteAt(pos: number): number {
    if (pos >= this.end) throw malformed("truncated number");
    return this.buffer[pos] as number;
  }
}

/** The error for bytes that are not the protobuf they should be. */
export function malformed(what: string): Error {
  return meshError("PROTOCOL_VIOLATION", `malformed bytes: ${what}`);
}
