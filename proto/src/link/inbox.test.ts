import { describe, expect, test } from "vitest";
import { FakeClock } from "../testing/fake-clock.ts";
import { Inbox } from "./inbox.ts";

function inbox() {
  const clock = new FakeClock();
  const due: number[] = [];
  const own = new Inbox({
    clock,
    ackFrames: 128,
    ackBytes: 256 * 1024,
    ackMs: 1_000,
    onDue: () => due.push(clock.now()),
  });
  return { own, clock, due };
}

/** A batch of `count` frames, of which those at `skipped` were of unknown kind. */
function batch(firstNumber: number, count: number, skipped: readonly number[] = []) {
  const frames = Array.from({ length: count - skipped.length }, () => undefined);
  return { firstNumber, count, skipped, frames, receivedThrough: 0 };
}

describe("an inbox", () => {
  test("hands on what comes next, and counts it", () => {
    const { own } = inbox();
    expect(own.accept(batch(1, 3), 10)).toBe(0);
    expect(own.accept(batch(4, 1), 10)).toBe(0);
    expect(own.receivedThrough).toBe(4);
  });

  test("skips what was received before, in whole and in part", () => {
    const { own } = inbox();
    own.accept(batch(1, 5), 10);
    expect(own.accept(batch(1, 5), 10)).toBe(5);
    expect(own.accept(batch(2, 2), 10)).toBe(2);
    expect(own.receivedThrough).toBe(5);
    expect(own.accept(batch(4, 4), 10)).toBe(2);
    expect(own.receivedThrough).toBe(7);
  });

  test("counts frames of unknown kind, which are not among those handed on", () => {
    const { own } = inbox();
    own.accept(batch(1, 4, [0, 2]), 10);
    expect(own.receivedThrough).toBe(4);
    // Numbers 3 to 7: two were received before, one of which is unknown and not among the frames.
    expect(own.accept(batch(3, 5, [0, 3]), 10)).toBe(1);
    expect(own.receivedThrough).toBe(7);
  });

  test("refuses a batch before which frames are missing", () => {
    const { own } = inbox();
    own.accept(batch(1, 2), 10);
    expect(() => own.accept(batch(4, 1), 10)).toThrow(
      expect.objectContaining({ code: "PROTOCOL_VIOLATION" }),
    );
    expect(own.receivedThrough).toBe(2);
  });

  test("takes batches without numbers as they come", () => {
    const { own, clock, due } = inbox();
    expect(own.accept(batch(0, 500), 10 ** 9)).toBe(0);
    clock.advance(5_000);
    expect(own.receivedThrough).toBe(0);
    expect(due).toEqual([]);
  });

  test("takes an empty batch for nothing", () => {
    const { own } = inbox();
    own.accept(batch(1, 2), 10);
    expect(own.accept(batch(3, 0), 10)).toBe(0);
    expect(own.accept(batch(1, 0), 10)).toBe(0);
    expect(own.receivedThrough).toBe(2);
  });
});

describe("an acknowledgement is due", () => {
  test("with the 128th frame, told once", () => {
    const { own, due } = inbox();
    for (let number = 1; number <= 127; number++) own.accept(batch(number, 1), 1);
    expect(own.acknowledgementDue).toBe(false);
    own.accept(batch(128, 1), 1);
    own.accept(batch(129, 200), 1);
    expect(own.acknowledgementDue).toBe(true);
    expect(due).toEqual([0]);
  });

  test("with 256 KiB", () => {
    const { own, due } = inbox();
    own.accept(batch(1, 1), 256 * 1024 - 1);
    expect(due).toEqual([]);
    own.accept(batch(2, 1), 1);
    expect(due).toEqual([0]);
  });

  test("a second after the first frame that was not acknowledged", () => {
    const { own, clock, due } = inbox();
    clock.advance(300);
    own.accept(batch(1, 1), 1);
    clock.advance(500);
    own.accept(batch(2, 1), 1);
    clock.advance(499);
    expect(due).toEqual([]);
    clock.advance(1);
    expect(due).toEqual([1_300]);
  });

  test("never more than a second late, however acknowledgements and frames alternate", () => {
    const { own, clock, due } = inbox();
    for (let number = 1; number <= 20; number++) {
      own.accept(batch(number, 1), 1);
      const arrivedAt = clock.now();
      clock.advance(700);
      own.acknowledged();
      own.accept(batch(number, 1), 1);
      clock.advance(1_000);
      expect(own.acknowledgementDue).toBe(true);
      expect(due.at(-1)).toBeLessThanOrEqual(arrivedAt + 1_700);
      own.acknowledged();
    }
  });

  test("also for what was received before: the peer waits for it", () => {
    const { own, due } = inbox();
    own.accept(batch(1, 100), 1);
    own.acknowledged();
    own.accept(batch(1, 100), 1);
    own.accept(batch(1, 100), 1);
    expect(due).toEqual([0]);
  });

  test("no more once it has left, nor after close", () => {
    const { own, clock, due } = inbox();
    own.accept(batch(1, 1), 1);
    own.acknowledged();
    clock.advance(5_000);
    expect(own.acknowledgementDue).toBe(false);
    own.accept(batch(2, 1), 1);
    own.close();
    clock.advance(5_000);
    expect(due).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});
