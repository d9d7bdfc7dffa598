import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FakeClock } from "../testing/fake-clock.ts";
import { BATCH_BYTES, readWorkerBatch } from "../wire/batch.ts";
import type { WorkerFrame } from "../wire/frames.ts";
import { appendWorkerFrame } from "../wire/worker-frames.ts";
import { Inbox } from "./inbox.ts";
import { type BatchStream, Outbox, type OutboxOptions } from "./outbox.ts";

/** A stream that keeps what is written and takes as many batches as a test says. */
class Tape implements BatchStream {
  readonly batches: Buffer[] = [];
  /** Batches that it takes before it pushes back. */
  room = Number.POSITIVE_INFINITY;

  write(batch: Buffer): boolean {
    this.batches.push(Buffer.from(batch));
    return --this.room > 0;
  }

  /** Number of the first frame of each batch, and the requests that it carries. */
  get read(): readonly (readonly [number, readonly number[]])[] {
    return this.batches.map((bytes) => {
      const { firstNumber, frames } = readWorkerBatch(bytes);
      return [firstNumber, frames.map(numberOf)];
    });
  }

  get numbers(): readonly number[] {
    return this.read.flatMap(([, numbers]) => numbers);
  }
}

function small(request: number): WorkerFrame {
  return { kind: "cancel", request };
}

function large(delivery: number, bytes: number): WorkerFrame {
  return { kind: "reply-chunk", delivery, activation: 1, content: Buffer.alloc(bytes) };
}

function numberOf(frame: WorkerFrame): number {
  if (frame.kind === "cancel") return frame.request;
  return frame.kind === "reply-chunk" ? frame.delivery : -1;
}

function setUp(options: Partial<OutboxOptions<WorkerFrame>> = {}) {
  const clock = new FakeClock();
  const told: string[] = [];
  const inbox = new Inbox({
    clock,
    ackFrames: 128,
    ackBytes: 256 * 1024,
    ackMs: 1_000,
    onDue: () => outbox.acknowledgeSoon(),
  });
  const outbox: Outbox<WorkerFrame> = new Outbox<WorkerFrame>({
    append: appendWorkerFrame,
    inbox,
    numbered: true,
    replayBytes: 1_000,
    limitBytes: 10_000_000,
    onRoom: () => told.push("room"),
    onOverflow: () => told.push("overflow"),
    ...options,
  });
  const tape = new Tape();
  return { outbox, inbox, clock, told, tape };
}

/** Ends when everything that this turn of the event loop has scheduled has run. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const REFUSED = expect.objectContaining({ code: "PROTOCOL_VIOLATION" });

describe("batches", () => {
  test("take what is sent in one turn of the event loop together, numbered from 1", async () => {
    const { outbox, tape } = setUp();
    outbox.attach(tape, 0);
    for (const request of [11, 12, 13]) outbox.send(small(request));
    expect(tape.read).toEqual([]);
    await turn();
    outbox.send(small(14));
    await turn();
    await turn();
    expect(tape.read).toEqual([
      [1, [11, 12, 13]],
      [4, [14]],
    ]);
  });

  test("leave at once when flushed", () => {
    const { outbox, tape } = setUp();
    outbox.attach(tape, 0);
    outbox.send(small(11));
    outbox.flush();
    outbox.flush();
    expect(tape.read).toEqual([[1, [11]]]);
  });

  test("are closed at 512 frames", () => {
    const { outbox, tape } = setUp();
    outbox.attach(tape, 0);
    for (let request = 1; request <= 1_025; request++) outbox.send(small(request));
    outbox.flush();
    expect(tape.read.map(([first, { length }]) => [first, length])).toEqual([
      [1, 512],
      [513, 512],
      [1_025, 1],
    ]);
  });

  test("let a larger frame travel alone, in its place", () => {
    const { outbox, tape } = setUp();
    outbox.attach(tape, 0);
    outbox.send(small(1));
    outbox.send(large(2, BATCH_BYTES * 5));
    outbox.send(small(3));
    outbox.send(large(4, BATCH_BYTES - 1_000));
    outbox.send(large(5, 2_000));
    outbox.send(small(6));
    outbox.flush();
    expect(tape.read).toEqual([
      [1, [1]],
      [2, [2]],
      [3, [3, 4]],
      [5, [5, 6]],
    ]);
  });

  test("of any frames are within the limits that a reader checks, in order and numbered", () => {
    const edge = fc.integer({ min: BATCH_BYTES - 60, max: BATCH_BYTES + 60 });
    const size = fc.oneof(fc.nat(50), fc.nat(100_000), edge);
    fc.assert(
      fc.property(fc.array(size, { maxLength: 12 }), (sizes) => {
        const { outbox, tape } = setUp({ limitBytes: Number.POSITIVE_INFINITY });
        outbox.attach(tape, 0);
        for (const [index, bytes] of sizes.entries()) outbox.send(large(index + 1, bytes));
        outbox.flush();
        expect(tape.numbers).toEqual(sizes.map((_, index) => index + 1));
        for (const [first, numbers] of tape.read) expect(first).toBe(numbers[0]);
      }),
    );
  });

  test("do not hold what could not be encoded", () => {
    const append: OutboxOptions<WorkerFrame>["append"] = (writer, frame) => {
      writer.byte(0x1a);
      if (numberOf(frame) === 2) throw new Error("cannot be encoded");
      writer.pos--;
      appendWorkerFrame(writer, frame);
    };
    const { outbox, tape } = setUp({ append });
    outbox.attach(tape, 0);
    outbox.send(small(1));
    expect(() => outbox.send(small(2))).toThrow("cannot be encoded");
    outbox.send(small(3));
    outbox.flush();
    expect(tape.read).toEqual([[1, [1, 3]]]);
  });
});

describe("a stream that pushes back", () => {
  test("is left alone until it has drained", async () => {
    const { outbox, tape } = setUp();
    tape.room = 1;
    outbox.attach(tape, 0);
    for (const request of [1, 2, 3]) {
      outbox.send(small(request));
      outbox.flush();
    }
    expect(tape.read).toEqual([[1, [1]]]);
    expect(outbox.bytes).toBeGreaterThan(0);
    tape.room = 9;
    outbox.drained();
    await turn();
    expect(tape.read.slice(1)).toEqual([[2, [2, 3]]]);
  });

  test("is left alone also when it pushed back on an acknowledgement or an unnumbered frame", () => {
    const { outbox, inbox, tape } = setUp();
    tape.room = 1;
    outbox.attach(tape, 0);
    outbox.sendUnnumbered("ping", small(99));
    outbox.send(small(1));
    outbox.flush();
    expect(tape.read).toEqual([[0, [99]]]);
    tape.room = 1;
    outbox.drained();
    outbox.flush();
    expect(tape.numbers).toEqual([99, 1]);

    tape.room = 1;
    outbox.drained();
    inbox.accept({ firstNumber: 1, count: 128, frames: [], skipped: [], receivedThrough: 0 }, 1);
    outbox.flush();
    outbox.send(small(2));
    outbox.flush();
    expect(tape.read.at(-1)).toEqual([0, []]);
  });
});

test("a peer that asks and does not read is owed its last question only, before anything else", () => {
  const { outbox, tape } = setUp();
  tape.room = 1;
  outbox.attach(tape, 0);
  outbox.send(small(1));
  outbox.flush();
  outbox.send(small(2));
  for (let nonce = 101; nonce <= 200; nonce++) outbox.sendUnnumbered("pong", small(nonce));
  outbox.sendUnnumbered("ping", small(300));
  expect(tape.numbers).toEqual([1]);
  tape.room = Number.POSITIVE_INFINITY;
  outbox.drained();
  outbox.flush();
  expect(tape.numbers).toEqual([1, 200, 300, 2]);
});

describe("the windows of an outbox", () => {
  test("full is asked, room is told when it was full", () => {
    const { outbox, tape, told } = setUp();
    outbox.attach(tape, 0);
    outbox.send(small(1));
    outbox.flush();
    expect(outbox.isFull).toBe(false);
    outbox.send(large(2, 1_000));
    expect(outbox.isFull).toBe(true);
    outbox.flush();
    outbox.acknowledge(1);
    expect(told).toEqual([]);
    outbox.acknowledge(2);
    outbox.acknowledge(2);
    expect(told).toEqual(["room"]);
    expect(outbox.isFull).toBe(false);
    expect(outbox.isEmpty).toBe(true);
    expect(outbox.bytes).toBe(0);
  });

  test("overflow is told once", () => {
    const { outbox, told } = setUp({ limitBytes: BATCH_BYTES * 3 });
    for (let number = 1; number <= 9; number++) outbox.send(large(number, BATCH_BYTES));
    expect(told).toEqual(["overflow"]);
  });

  test("hold nothing that was written when frames are not numbered", () => {
    const { outbox, tape, told } = setUp({ numbered: false });
    for (let request = 1; request <= 600; request++) outbox.send(small(request));
    expect(outbox.isFull).toBe(true);
    outbox.attach(tape, 0);
    outbox.flush();
    expect(tape.numbers).toEqual(Array.from({ length: 600 }, (_, index) => index + 1));
    expect(tape.read.every(([first]) => first === 0)).toBe(true);
    expect(outbox.isEmpty).toBe(true);
    expect(told).toEqual(["room"]);
    expect(() => outbox.acknowledge(1)).toThrow(REFUSED);
  });

  test("hold what an unnumbered stream did not take", () => {
    const { outbox, tape } = setUp({ numbered: false });
    tape.room = 1;
    outbox.attach(tape, 0);
    outbox.send(small(1));
    outbox.flush();
    outbox.send(small(2));
    outbox.flush();
    expect(outbox.isEmpty).toBe(false);
    outbox.drained();
    outbox.flush();
    expect(tape.numbers).toEqual([1, 2]);
    expect(outbox.isEmpty).toBe(true);
  });
});
