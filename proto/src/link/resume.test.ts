/** Two sessions over streams that break: what is sent arrives once and in order. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FakeClock } from "../testing/fake-clock.ts";
import { readWorkerBatch } from "../wire/batch.ts";
import type { WorkerFrame } from "../wire/frames.ts";
import { appendWorkerFrame } from "../wire/worker-frames.ts";
import { Inbox } from "./inbox.ts";
import { Outbox } from "./outbox.ts";

/** One end of a session, with the wire that leads away from it. */
class End {
  readonly received: number[] = [];
  readonly sent: number[] = [];
  readonly inbox: Inbox;
  readonly outbox: Outbox<WorkerFrame>;
  /** Batches on their way; lost when the stream breaks. */
  onWire: Buffer[] = [];
  blocked = false;

  constructor(clock: FakeClock) {
    this.inbox = new Inbox({
      clock,
      ackFrames: 128,
      ackBytes: 256 * 1024,
      ackMs: 1_000,
      onDue: () => this.outbox.acknowledgeSoon(),
    });
    this.outbox = new Outbox<WorkerFrame>({
      append: appendWorkerFrame,
      inbox: this.inbox,
      numbered: true,
      replayBytes: 1_000,
      limitBytes: Number.POSITIVE_INFINITY,
      onRoom: () => {},
      onOverflow: () => {},
    });
  }

  send(count: number, bytes: number): void {
    for (let times = 0; times < count; times++) {
      const delivery = this.sent.push(this.sent.length + 1);
      const content = Buffer.alloc(bytes);
      this.outbox.send({ kind: "reply-chunk", delivery, activation: 1, content });
    }
  }

  /** A new stream, of which the peer says what it has received. */
  connect(peer: End): boolean {
    this.blocked = false;
    const wire: Buffer[] = [];
    this.onWire = wire;
    const write = (batch: Buffer) => {
      wire.push(Buffer.from(batch));
      return !this.blocked;
    };
    return this.outbox.attach({ write }, peer.inbox.receivedThrough);
  }

  take(bytes: Buffer): void {
    const batch = readWorkerBatch(bytes);
    const skip = this.inbox.accept(batch, bytes.length);
    this.outbox.acknowledge(batch.receivedThrough);
    for (const frame of batch.frames.slice(skip)) {
      if (frame.kind === "reply-chunk") this.received.push(frame.delivery);
    }
  }
}

class Pair {
  readonly clock = new FakeClock();
  readonly left = new End(this.clock);
  readonly right = new End(this.clock);

  constructor() {
    this.reconnect();
  }

  /** What is on the wires is lost, on either end at another place. */
  reconnect(): void {
    const { left, right } = this;
    left.outbox.detach();
    right.outbox.detach();
    expect(left.connect(right)).toBe(true);
    expect(right.connect(left)).toBe(true);
  }

  deliver(from: End, count: number): void {
    const to = from === this.left ? this.right : this.left;
    for (const bytes of from.onWire.splice(0, count)) to.take(bytes);
  }

  /** Lets everything arrive. */
  settle(): void {
    for (let rounds = 0; rounds < 4; rounds++) {
      for (const end of [this.left, this.right]) {
        end.blocked = false;
        end.outbox.drained();
        end.outbox.flush();
        this.deliver(end, Number.POSITIVE_INFINITY);
      }
      this.clock.advance(1_000);
    }
  }
}

const end = fc.constantFrom("left" as const, "right" as const);
const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("send" as const),
      end,
      count: fc.oneof(fc.nat(5), fc.nat(700)),
      bytes: fc.oneof(fc.nat(10), fc.nat(10), fc.nat(2_000)),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("flush" as const), end }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("deliver" as const), end, count: fc.nat(4) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("cut" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("block" as const), end }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("drain" as const), end }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat(1_500) }) },
);

type Action = typeof action extends fc.Arbitrary<infer A> ? A : never;

function perform(pair: Pair, step: Action): void {
  switch (step.do) {
    case "send":
      return pair[step.end].send(step.count, step.bytes);
    case "flush":
      return pair[step.end].outbox.flush();
    case "deliver":
      return pair.deliver(pair[step.end], step.count);
    case "cut":
      return pair.reconnect();
    case "block":
      pair[step.end].blocked = true;
      return;
    case "drain":
      pair[step.end].blocked = false;
      return pair[step.end].outbox.drained();
    case "wait":
      return pair.clock.advance(step.ms);
  }
}

test("over a link that is cut anywhere, every frame arrives exactly once and in order", () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60, size: "max" }), (steps) => {
      const pair = new Pair();
      for (const step of steps) perform(pair, step);
      pair.settle();
      expect(pair.right.received).toEqual(pair.left.sent);
      expect(pair.left.received).toEqual(pair.right.sent);
      expect([pair.left.outbox.bytes, pair.right.outbox.bytes]).toEqual([0, 0]);
      expect([pair.left.outbox.isEmpty, pair.right.outbox.isEmpty]).toEqual([true, true]);
    }),
    { numRuns: 300 },
  );
});

describe("on a new stream", () => {
  /** Ten batches of two frames that were written, and of which none has arrived. */
  function written(): End {
    const own = new End(new FakeClock());
    own.connect(own);
    for (let batch = 0; batch < 10; batch++) {
      own.send(2, 4);
      own.outbox.flush();
    }
    own.outbox.detach();
    return own;
  }

  function attach(own: End, peerReceivedThrough: number): { ok: boolean; firsts: number[] } {
    const firsts: number[] = [];
    const write = (batch: Buffer) => firsts.push(readWorkerBatch(batch).firstNumber) > 0;
    const ok = own.outbox.attach({ write }, peerReceivedThrough);
    own.outbox.flush();
    return { ok, firsts };
  }

  test("leave all batches that the peer has not wholly received", () => {
    for (let through = 0; through <= 20; through++) {
      const whole = Math.floor(through / 2);
      const expected = Array.from({ length: 10 - whole }, (_, index) => (whole + index) * 2 + 1);
      expect(attach(written(), through)).toEqual({ ok: true, firsts: expected });
    }
  });

  test("nothing can go on when the peer has received less than it has acknowledged", () => {
    const own = written();
    own.outbox.acknowledge(8);
    own.outbox.acknowledge(3);
    expect(attach(own, 7)).toEqual({ ok: false, firsts: [] });
    expect(attach(own, 8).firsts).toHaveLength(6);
  });

  test("a peer that claims what was never sent breaks the protocol", () => {
    const refused = expect.objectContaining({ code: "PROTOCOL_VIOLATION" });
    const own = written();
    expect(() => own.outbox.acknowledge(21)).toThrow(refused);
    expect(() => attach(own, 21)).toThrow(refused);
    // These frames have numbers, but no stream has seen them.
    own.send(600, 4);
    expect(() => own.outbox.acknowledge(21)).toThrow(refused);
    expect(() => attach(own, 500)).toThrow(refused);
    expect(attach(own, 20)).toEqual({ ok: true, firsts: [21, 533] });
  });
});

test("an acknowledgement that nothing else carries leaves alone, once", () => {
  const pair = new Pair();
  pair.left.send(1, 4);
  pair.left.outbox.flush();
  pair.deliver(pair.left, 1);
  pair.right.outbox.flush();
  expect(pair.right.onWire).toEqual([]);
  pair.clock.advance(1_000);
  pair.right.outbox.flush();
  pair.right.outbox.flush();
  const batches = pair.right.onWire.map((bytes) => readWorkerBatch(bytes));
  expect(batches).toMatchObject([{ firstNumber: 0, receivedThrough: 1, count: 0 }]);
});

test("every batch acknowledges, so that none leaves for that alone", () => {
  const pair = new Pair();
  pair.left.send(200, 4);
  pair.left.outbox.flush();
  pair.deliver(pair.left, 1);
  pair.right.send(1, 4);
  pair.right.outbox.flush();
  const batches = pair.right.onWire.map((bytes) => readWorkerBatch(bytes));
  expect(batches).toMatchObject([{ firstNumber: 1, receivedThrough: 200, count: 1 }]);
  pair.deliver(pair.right, 1);
  expect(pair.left.outbox.isEmpty).toBe(true);
});
