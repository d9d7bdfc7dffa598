import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WireReader } from "./reader.ts";
import { varintBytes, WireWriter } from "./writer.ts";

const REFUSED = expect.objectContaining({ code: "PROTOCOL_VIOLATION" });

function reader(...bytes: readonly number[]): WireReader {
  return new WireReader(Uint8Array.from(bytes));
}

/** Numbers where a varint or its arithmetic changes. */
const EDGES = [0, 1, 7, 14, 21, 28, 31, 32, 35, 42, 49, 52, 53]
  .flatMap((bit) => [2 ** bit - 1, 2 ** bit, 2 ** bit + 1])
  .filter((value) => Number.isSafeInteger(value));

describe("numbers", () => {
  test("are written and read as the library does", () => {
    const check = (value: number) => {
      const theirs = new BinaryWriter().uint64(value).finish();
      const ours = new WireWriter();
      ours.varint(value);
      expect(ours.copy()).toEqual(Buffer.from(theirs));
      expect(varintBytes(value)).toBe(theirs.length);
      const own = new WireReader(theirs);
      expect(own.varint()).toBe(value);
      expect(own.pos).toBe(theirs.length);
    };
    EDGES.forEach(check);
    fc.assert(fc.property(fc.maxSafeNat(), check));
  });

  test("may be padded up to ten bytes", () => {
    for (let padding = 1; padding < 10; padding++) {
      const padded = [0x85, ...Array.from({ length: padding - 1 }, () => 0x80), 0x00];
      expect(reader(...padded).varint()).toBe(5);
    }
    expect(() => reader(0x85, ...Array.from({ length: 9 }, () => 0x80), 0).varint()).toThrow(
      REFUSED,
    );
  });

  test("above 2^53 are refused as values and skipped as unknown", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }), (value) => {
        const bytes = new BinaryWriter().uint64(value).finish();
        expect(() => new WireReader(bytes).varint()).toThrow(REFUSED);
        const skipping = new WireReader(bytes);
        skipping.skip(0x08);
        expect(skipping.pos).toBe(bytes.length);
      }),
    );
  });

  test("of fixed length are exact up to 2^53", () => {
    for (const value of EDGES) {
      expect(new WireReader(new BinaryWriter().fixed64(value).finish()).fixed64()).toBe(value);
    }
    const above = new BinaryWriter().fixed64(2n ** 53n).finish();
    expect(() => new WireReader(above).fixed64()).toThrow(REFUSED);
    expect(() => new WireReader(above.subarray(0, 7)).fixed64()).toThrow(REFUSED);
  });
});

test.each([
  ["the number 0 as a field", (own: WireReader) => own.tag(), [0x07]],
  ["a tag of more than 32 bits", (own: WireReader) => own.tag(), [0x80, 0x80, 0x80, 0x80, 0x10]],
  ["a varint that ends early", (own: WireReader) => own.varint(), [0x80, 0x80]],
  ["a length past the end", (own: WireReader) => own.bytes(), [0x02, 0x00]],
  ["a group", (own: WireReader) => own.skip(0x0b), [0x0c]],
  ["a wire type that does not exist", (own: WireReader) => own.skip(0x0f), [0x00]],
  ["a skipped fixed64 that ends early", (own: WireReader) => own.skip(0x09), [1, 2, 3, 4]],
  ["a skipped fixed32 that ends early", (own: WireReader) => own.skip(0x0d), [1, 2]],
  ["a skipped varint that ends early", (own: WireReader) => own.skip(0x08), [0xff]],
  ["a skipped varint without end", (own: WireReader) => own.skip(0x08), Array(11).fill(0xff)],
])("%s is refused", (_what, read, bytes: number[]) => {
  expect(() => read(reader(...bytes))).toThrow(REFUSED);
});

test("text is UTF-8, and what is not becomes the replacement character, as in the library", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const field = new BinaryWriter().bytes(bytes).finish();
      expect(new WireReader(field).text()).toBe(new BinaryReader(field).string());
    }),
  );
});

test("a view into a larger buffer is read from its own beginning to its own end", () => {
  const buffer = Uint8Array.of(9, 9, 5, 0x80, 1);
  const own = new WireReader(buffer.subarray(2, 4));
  expect(own.varint()).toBe(5);
  expect(() => own.varint()).toThrow(REFUSED);
});
