import { describe, expect, test } from "vitest";
import { ConnectRequest, type WorkerFrame } from "../../gen/agentmesh/v1/gateway.ts";
import { BATCH_BYTES, BATCH_FRAMES, readHostBatch, readWorkerBatch } from "./batch.ts";

/** A length-delimited field. */
function field(number: number, ...parts: readonly (Uint8Array | number)[]): Buffer {
  const body = bytesOf(parts);
  return Buffer.concat([varint(number * 8 + 2), varint(body.length), body]);
}

/** A frame of a batch: field 3 that holds a field of this number. */
function frame(kind: number, ...parts: readonly (Uint8Array | number)[]): Buffer {
  return field(3, field(kind, ...parts));
}

function bytesOf(parts: readonly (Uint8Array | number)[]): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === "number" ? Buffer.of(part) : part)));
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.of(...bytes, rest);
}

const CANCEL = frame(7, 0x08, 5);
const REFUSED = expect.objectContaining({ code: "PROTOCOL_VIOLATION" });

function encoded(kind: WorkerFrame["kind"]): Uint8Array {
  return ConnectRequest.encode({ firstNumber: 1, receivedThrough: 0, frames: [{ kind }] }).finish();
}

describe("a batch", () => {
  test("of nothing is an acknowledgement", () => {
    expect(readWorkerBatch(Buffer.alloc(0))).toEqual({
      firstNumber: 0,
      receivedThrough: 0,
      frames: [],
      count: 0,
      skipped: [],
    });
  });

  test("holds 512 frames at most", () => {
    const full = Buffer.concat(Array.from({ length: BATCH_FRAMES }, () => CANCEL));
    expect(readWorkerBatch(full).count).toBe(BATCH_FRAMES);
    expect(() => readWorkerBatch(Buffer.concat([full, CANCEL]))).toThrow(REFUSED);
    expect(() => readHostBatch(Buffer.concat([full, CANCEL]))).toThrow(REFUSED);
  });

  test("of several frames holds 256 KiB at most; one larger frame comes alone", () => {
    const large = frame(5, 0x08, 5, field(3, Buffer.alloc(BATCH_BYTES)));
    expect(readWorkerBatch(large).frames).toHaveLength(1);
    expect(() => readWorkerBatch(Buffer.concat([large, CANCEL]))).toThrow(REFUSED);
    expect(() =>
      readHostBatch(Buffer.concat([CANCEL, frame(5, Buffer.alloc(BATCH_BYTES))])),
    ).toThrow(REFUSED);
  });

  test("is refused at the first frame too many, before what follows is read", () => {
    const flood = Buffer.alloc(BATCH_BYTES - 3, Buffer.of(0x1a, 0x02, 0x3a, 0x00));
    expect(() => readWorkerBatch(flood)).toThrow(/more than 512 frames/);
    const broken = frame(7, 0x08);
    const large = frame(5, field(3, Buffer.alloc(BATCH_BYTES + 9)));
    expect(() => readWorkerBatch(Buffer.concat([large, broken]))).toThrow(/bytes in a batch/);
  });

  test("skips fields that it does not know, of every wire type and with any 64-bit number", () => {
    const unknown = Buffer.concat([
      Buffer.of(0x20, ...Array.from({ length: 9 }, () => 0xff), 0x01),
      Buffer.of(0x29, 1, 2, 3, 4, 5, 6, 7, 8),
      field(6, Buffer.from("later")),
      Buffer.of(0x3d, 1, 2, 3, 4),
      // Known fields with another wire type.
      Buffer.of(0x08, 0x05),
      Buffer.of(0x18, 0x05),
    ]);
    const batch = readWorkerBatch(Buffer.concat([unknown, CANCEL, unknown]));
    expect(batch).toMatchObject({ firstNumber: 0, frames: [{ kind: "cancel", request: 5 }] });
  });
});

describe("a frame", () => {
  test("of unknown kind from 64 on is skipped and counted", () => {
    const batch = Buffer.concat([
      frame(64, 1, 2, 3),
      CANCEL,
      frame(9_999),
      field(3, 0x80, 0x04, 7),
    ]);
    const expected = { count: 4, skipped: [0, 2, 3], frames: [{ kind: "cancel", request: 5 }] };
    expect(readWorkerBatch(batch)).toMatchObject(expected);
    expect(readHostBatch(frame(64))).toMatchObject({ count: 1, skipped: [0], frames: [] });
  });

  test.each([8, 15, 29, 63])("of unknown kind %i is refused", (kind) => {
    expect(() => readWorkerBatch(frame(kind))).toThrow(REFUSED);
    expect(() => readHostBatch(frame(kind))).toThrow(REFUSED);
  });

  test.each([
    ["nothing", field(3)],
    ["a kind that is no message", field(3, 0x38, 5)],
    ["a control kind that is no message", field(3, 0x80, 0x01, 5)],
    ["two hot kinds", field(3, field(7, 0x08, 5), field(7, 0x08, 6))],
    ["a hot kind behind a control kind", field(3, field(27, 0x08, 5), field(7, 0x08, 6))],
    ["a control kind behind an unknown kind", field(3, field(64), field(27, 0x08, 6))],
    ["a hot kind that a group's end cuts loose", frame(20, 0x04, field(7, 0x08, 5))],
    ["a group's end behind a kind", field(3, field(27, 0x08, 5), 0x04)],
  ])("of %s is refused", (_what, bytes) => {
    expect(() => readWorkerBatch(bytes)).toThrow(REFUSED);
    expect(() => readHostBatch(bytes)).toThrow(REFUSED);
  });

  test("skips fields that it does not know, of every wire type and with any 64-bit number", () => {
    const unknown = Buffer.concat([
      Buffer.of(0xf8, 0x06, ...Array.from({ length: 9 }, () => 0xff), 0x01),
      Buffer.of(0x79, 1, 2, 3, 4, 5, 6, 7, 8),
      field(100, Buffer.alloc(300)),
      Buffer.of(0x7d, 1, 2, 3, 4),
    ]);
    for (let kind = 1; kind <= 7; kind++) {
      const plain = frame(kind);
      const extended = frame(kind, unknown);
      expect(readWorkerBatch(extended)).toEqual(readWorkerBatch(plain));
      expect(readHostBatch(extended)).toEqual(readHostBatch(plain));
    }
  });

  test("does not misread a known field of another wire type", () => {
    // Field 1 is a number in most frames and the packed sequences in `accepted`, which takes both forms.
    for (const other of [Buffer.of(0x09, 1, 2, 3, 4, 5, 6, 7, 8), Buffer.of(0x0d, 1, 2, 3, 4)]) {
      for (const kind of [1, 2, 3, 5, 6, 7]) {
        expect(readWorkerBatch(frame(kind, other))).toEqual(readWorkerBatch(frame(kind)));
        expect(readHostBatch(frame(kind, other))).toEqual(readHostBatch(frame(kind)));
      }
      expect(() => readHostBatch(frame(4, other))).toThrow(REFUSED);
    }
  });

  test("reads repeated numbers packed, one by one and mixed", () => {
    const packed = Buffer.of(0x12, 3, 1, 0x80, 0x01);
    const single = Buffer.of(0x10, 7);
    const { frames } = readWorkerBatch(frame(4, 0x08, 9, packed, single, packed));
    expect(frames).toEqual([{ kind: "done", activation: 9, deliveries: [1, 128, 7, 1, 128] }]);
    const accepted = readHostBatch(frame(4, 0x0a, 2, 3, 4, 0x08, 5)).frames;
    expect(accepted).toEqual([{ kind: "accepted", sequences: [3, 4, 5] }]);
    expect(() => readHostBatch(frame(4, 0x0a, 1, 0x80, 0x08, 5))).toThrow(REFUSED);
  });

  test("reads a uint32 of more bits modulo 2^32, as the generated code does", () => {
    const credit = frame(6, 0x08, 1, 0x10, varint(2 ** 32 + 7));
    expect(readWorkerBatch(credit).frames).toEqual([
      { kind: "stream-credit", stream: 1, chunks: 7, bytes: 0 },
    ]);
    const [decoded] = ConnectRequest.decode(credit).frames;
    expect(decoded?.kind?.value).toMatchObject({ chunks: 7 });
  });

  test("of control kind whose content the generated code refuses is a violation, with its cause", () => {
    const long = encoded({ $case: "ping", value: { nonce: 5 } }).slice();
    long[long.length - 1] = 0xff;
    expect(() => readWorkerBatch(long)).toThrow(
      expect.objectContaining({ code: "PROTOCOL_VIOLATION", cause: expect.any(Error) }),
    );
    const groups = Buffer.alloc(10_000, 0x7b);
    expect(() => readWorkerBatch(frame(16, groups))).toThrow(REFUSED);
  });

  test("with an error that is malformed is a violation", () => {
    expect(() => readWorkerBatch(frame(3, field(4, 0x12, 0x7f)))).toThrow(REFUSED);
    expect(() => readHostBatch(frame(3, field(3, 0x12, 0x7f)))).toThrow(REFUSED);
    expect(() => readHostBatch(frame(3, field(3, 0x04, 0x7f)))).toThrow(REFUSED);
  });
});
