import { setImmediate as turnEnd } from "node:timers/promises";
import { expect, test } from "vitest";
import { FrameOutbox, forEachFrame } from "./frame-batch.ts";

function framesOf(batch: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  forEachFrame(batch, (frame) => frames.push(frame));
  return frames;
}

test("frames of one turn of the event loop travel in one batch, of any length", async () => {
  const batches: Buffer[] = [];
  const outbox = new FrameOutbox((batch) => batches.push(batch));
  const frames = [0, 1, 127, 128, 264, 20_000].map((length) => Buffer.alloc(length, length));
  for (const frame of frames) outbox.push(frame);
  expect(batches).toHaveLength(0);
  await turnEnd();
  expect(batches.map(framesOf)).toEqual([frames]);
});

test("a batch closes at 512 frames and at 256 KiB", async () => {
  const batches: Buffer[] = [];
  const outbox = new FrameOutbox((batch) => batches.push(batch));
  for (let count = 0; count < 513; count++) outbox.push(Buffer.alloc(8));
  await turnEnd();
  expect(batches.map((batch) => framesOf(batch).length)).toEqual([512, 1]);

  batches.length = 0;
  for (let count = 0; count < 3; count++) outbox.push(Buffer.alloc(100 * 1024));
  await turnEnd();
  expect(batches.map((batch) => framesOf(batch).length)).toEqual([2, 1]);
});

test("a malformed batch is refused", () => {
  expect(() => framesOf(Buffer.from([0x12, 0]))).toThrow("malformed");
  expect(() => framesOf(Buffer.from([0x0a, 5, 1]))).toThrow("malformed");
  expect(() => framesOf(Buffer.from([0x0a, 0x80]))).toThrow("malformed");
});
