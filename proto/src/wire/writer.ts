/**
 * Writes protobuf straight into one growing buffer, for the frames that travel with every message: no intermediate
 * objects, canonical output. Numbers are non-negative integers below 2^53.
 */
const MIN_BYTES = 1024;
/** Longer strings are written by the runtime. */
const SHORT_TEXT = 40;
/** Room behind a value that is closed: for moving it, and so that writing its length in front never grows the buffer. */
const CLOSING_BYTES = 24;

/** How many bytes the varint of `value` takes. */
export function varintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  if (value < 0x10000000) return 4;
  return value < 0x800000000 ? 5 : value < 0x40000000000 ? 6 : value < 0x2000000000000 ? 7 : 8;
}

export class WireWriter {
  /** The buffer; `pos` bytes of it are written. It is replaced when it grows. */
  buffer: Buffer;
  /** Where the next byte goes. */
  pos = 0;

  constructor(bytes = MIN_BYTES) {
    this.buffer = Buffer.allocUnsafeSlow(Math.max(bytes, MIN_BYTES));
  }

  /** Makes room for `bytes` more. */
  reserve(bytes: number): void {
    const needed = this.pos + bytes;
    if (needed <= this.buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(grown, 0, 0, this.pos);
    this.buffer = grown;
  }

  /** A byte; for tags, which are below 128 for fields 1 to 15. */
  byte(value: number): void {
    if (this.pos === this.buffer.length) this.reserve(1);
    this.buffer[this.pos++] = value;
  }

  /** A varint. */
  varint(value: number): void {
    if (this.pos + 8 > this.buffer.length) this.reserve(8);
    const buffer = this.buffer;
    let rest = value;
    let pos = this.pos;
    // Bit operations see 32 bits only, so the high part goes by division.
    while (rest >= 0x10000000) {
      buffer[pos++] = (rest & 0x7f) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest >= 0x80) {
      buffer[pos++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    buffer[pos++] = rest;
    this.pos = pos;
  }

  /** A varint field; left out when zero, as proto3 does. */
  number(tag: number, value: number): void {
    if (value === 0) return;
    this.byte(tag);
    this.varint(value);
  }

  /** A bool field; left out when false. */
  flag(tag: number, value: boolean): void {
    if (!value) return;
    this.byte(tag);
    this.byte(1);
  }

  /** A length-delimited field of these bytes, also when they are empty. */
  bytes(tag: number, value: Uint8Array): void {
    const length = value.length;
    this.reserve(length + 6);
    this.byte(tag);
    this.varint(length);
    this.raw(value);
  }

  /** A string field; left out when empty. */
  text(tag: number, value: string): void {
    if (value === "") return;
    const most = value.length * 3;
    this.reserve(most + 6);
    this.byte(tag);
    if (this.#ascii(value)) return;
    if (most < 128) {
      const start = this.pos + 1;
      const length = this.buffer.write(value, start, most, "utf8");
      this.buffer[this.pos] = length;
      this.pos = start + length;
    } else {
      this.varint(Buffer.byteLength(value));
      this.pos += this.buffer.write(value, this.pos, most, "utf8");
    }
  }

  /** A field of the message `{ 1: first, 2: second }`: the shape of both AgentId and TopicId. */
  pair(tag: number, first: string, second: string): void {
    this.reserve((first.length + second.length) * 3 + 16);
    this.byte(tag);
    const mark = this.open(first.length + second.length + 4);
    this.text(0x0a, first);
    this.text(0x12, second);
    this.close(mark);
  }

  /** Writes a short string of ASCII, which costs less than a call out of JavaScript. @returns false for any other. */
  #ascii(value: string): boolean {
    const { length } = value;
    if (length > SHORT_TEXT) return false;
    const { buffer } = this;
    const start = this.pos + 1;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code >= 0x80) return false;
      buffer[start + index] = code;
    }
    buffer[this.pos] = length;
    this.pos = start + length;
    return true;
  }

  /** Bytes as they are. */
  raw(value: Uint8Array): void {
    this.reserve(value.length);
    this.buffer.set(value, this.pos);
    this.pos += value.length;
  }

  /**
   * Starts a length-delimited value whose length is not known yet: leaves room for a length of about `expected` and
   * returns what {@link close} needs. The tag is written before.
   */
  open(expected: number): number {
    const room = varintBytes(expected);
    this.reserve(room);
    this.pos += room;
    return this.pos * 8 + room;
  }

  /** Ends the value that `mark` opened: writes its length, moving the value when the guess was off. */
  close(mark: number): void {
    const room = mark % 8;
    const start = (mark - room) / 8;
    const length = this.pos - start;
    const needed = varintBytes(length);
    if (this.pos + CLOSING_BYTES > this.buffer.length) this.reserve(CLOSING_BYTES);
    if (needed !== room) {
      this.buffer.copyWithin(start - room + needed, start, this.pos);
    }
    this.pos = start - room;
    this.varint(length);
    this.pos += length;
  }

  /**
   * Starts a frame of a batch: a field `frameTag` that holds one field `kindTag` that holds the body. Leaves room for
   * the two lengths of a body of about `expected` bytes and returns what {@link closeFrame} needs.
   */
  openFrame(expected: number): number {
    const inner = varintBytes(expected);
    const room = 2 + inner + varintBytes(expected + 1 + inner);
    this.reserve(room);
    this.pos += room;
    return this.pos * 16 + room;
  }

  /** Ends the frame that `mark` opened: writes tags and lengths, moving the body when the guess was off. */
  closeFrame(mark: number, frameTag: number, kindTag: number): void {
    const room = mark % 16;
    const start = (mark - room) / 16;
    const length = this.pos - start;
    const inner = varintBytes(length);
    const needed = 2 + inner + varintBytes(length + 1 + inner);
    if (this.pos + CLOSING_BYTES > this.buffer.length) this.reserve(CLOSING_BYTES);
    if (needed !== room) {
      this.buffer.copyWithin(start - room + needed, start, this.pos);
    }
    this.pos = start - room;
    this.byte(frameTag);
    this.varint(length + 1 + inner);
    this.byte(kindTag);
    this.varint(length);
    this.pos += length;
  }

  /** What is written, until the next write. */
  get written(): Buffer {
    return this.buffer.subarray(0, this.pos);
  }

  /** A copy of what is written. */
  copy(): Buffer {
    return Buffer.from(this.written);
  }

  /** Forgets what is written and keeps the buffer. */
  reset(): void {
    this.pos = 0;
  }
}
