import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Clipper } from "./clipper.ts";

const MAX_BYTES = 100;
/** As much of a long message as tells what it is. */
const HEAD_BYTES = 4_096;

/** Framing and bytes of a message, as gRPC has it. */
function framed(message: Buffer, flag = 0): Buffer {
  const framing = Buffer.alloc(5);
  framing.writeUInt8(flag, 0);
  framing.writeUInt32BE(message.length, 1);
  return Buffer.concat([framing, message]);
}

/** A clipper before a decoder that keeps all that it gets. */
function stage() {
  const passed: Buffer[] = [];
  const clipped: { head: Buffer; bytes: number }[] = [];
  const decoder = {
    write(data: Buffer): Buffer[] {
      passed.push(Buffer.from(data));
      return [Buffer.from("a message")];
    },
  };
  const clipper = new Clipper(decoder, MAX_BYTES, (head, bytes) => clipped.push({ head, bytes }));
  return { clipper, passed, clipped };
}

describe("a clipper", () => {
  test("passes on what is short enough, and what its decoder makes of it", () => {
    const { clipper, passed, clipped } = stage();
    const bytes = framed(Buffer.alloc(MAX_BYTES, "x"));
    expect(clipper.write(bytes)).toHaveLength(2);
    expect(Buffer.concat(passed)).toEqual(bytes);
    expect(clipped).toEqual([]);
  });

  test("lets its decoder judge a long message that is compressed", () => {
    const { clipper, passed } = stage();
    clipper.write(framed(Buffer.alloc(MAX_BYTES + 1), 1));
    expect(Buffer.concat(passed)).toHaveLength(5 + MAX_BYTES + 1);
  });

  test("tells the head of a long message and its length, wherever the bytes are cut", () => {
    const message = fc.uint8Array({ minLength: 0, maxLength: 300 }).map((it) => Buffer.from(it));
    fc.assert(
      fc.property(fc.array(message), fc.array(fc.nat({ max: 400 })), (messages, cuts) => {
        const { clipper, passed, clipped } = stage();
        let rest = Buffer.concat(messages.map((it) => framed(it)));
        for (const cut of cuts) {
          clipper.write(rest.subarray(0, cut));
          rest = rest.subarray(cut);
        }
        clipper.write(rest);
        const short = messages.filter(({ length }) => length <= MAX_BYTES);
        const long = messages.filter(({ length }) => length > MAX_BYTES);
        expect(Buffer.concat(passed)).toEqual(Buffer.concat(short.map((it) => framed(it))));
        expect(clipped).toEqual(long.map((head) => ({ head, bytes: head.length })));
      }),
    );
  });

  test("keeps no more than the head", () => {
    const { clipper, clipped } = stage();
    for (const byte of framed(Buffer.alloc(2 * HEAD_BYTES, "x"))) clipper.write(Buffer.of(byte));
    expect(clipped).toEqual([{ head: Buffer.alloc(HEAD_BYTES, "x"), bytes: 2 * HEAD_BYTES }]);
  });
});
