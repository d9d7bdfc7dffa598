import { BinaryWriter } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { expect, test } from "vitest";
import { WireWriter } from "./writer.ts";

const text = fc.string({ unit: "binary", maxLength: 200, size: "max" });

test("text is written as the library writes it, except that an empty one is left out", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        text,
        text.map((own) => own.repeat(40)),
      ),
      (value) => {
        const ours = new WireWriter();
        ours.text(0x0a, value);
        const theirs = value === "" ? [] : new BinaryWriter().uint32(0x0a).string(value).finish();
        expect(ours.copy().equals(Buffer.from(theirs))).toBe(true);
      },
    ),
  );
});

test("a pair is written as the library writes a message of two strings", () => {
  fc.assert(
    fc.property(text, text, (first, second) => {
      const ours = new WireWriter();
      ours.pair(0x1a, first, second);
      const theirs = new BinaryWriter().uint32(0x1a).fork();
      if (first !== "") theirs.uint32(0x0a).string(first);
      if (second !== "") theirs.uint32(0x12).string(second);
      expect(ours.copy().equals(Buffer.from(theirs.join().finish()))).toBe(true);
    }),
  );
});

test("zero and false are left out", () => {
  const writer = new WireWriter();
  writer.number(0x08, 0);
  writer.flag(0x10, false);
  writer.number(0x18, 300);
  writer.flag(0x20, true);
  expect([...writer.copy()]).toEqual([0x18, 0xac, 0x02, 0x20, 0x01]);
});

test("a value of unknown length is the same wherever in the buffer it ends and whatever was guessed", () => {
  const guess = fc.oneof(fc.nat(200), fc.nat(20_000));
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 12 }),
    fc.uint8Array({ minLength: 100, maxLength: 140 }),
  );
  // 1024 bytes is the buffer at the start, so that some of these just fill it.
  const before = fc.integer({ min: 0, max: 1_100 });
  fc.assert(
    fc.property(before, guess, body, (filler, expected, bytes) => {
      const head = Buffer.alloc(filler, 0x55);
      const value = new WireWriter();
      value.raw(head);
      const mark = value.open(expected);
      value.raw(bytes);
      value.close(mark);
      const field = Buffer.from(new BinaryWriter().bytes(bytes).finish());
      expect(value.copy().equals(Buffer.concat([head, field]))).toBe(true);

      const frame = new WireWriter();
      frame.raw(head);
      const frameMark = frame.openFrame(expected);
      frame.raw(bytes);
      frame.closeFrame(frameMark, 0x1a, 0x0a);
      const inner = new BinaryWriter().uint32(0x0a).bytes(bytes).finish();
      const outer = Buffer.from(new BinaryWriter().uint32(0x1a).bytes(inner).finish());
      expect(frame.copy().equals(Buffer.concat([head, outer]))).toBe(true);
    }),
    { numRuns: 2_000, examples: [[1_024 - 6, 0, Uint8Array.of(1, 2)]] },
  );
});

test("a copy stays what it was when the writer goes on", () => {
  const writer = new WireWriter();
  writer.text(0x0a, "first");
  const copy = writer.copy();
  writer.reset();
  writer.text(0x0a, "other");
  expect(copy.toString("latin1")).toBe("\n\x05first");
});
