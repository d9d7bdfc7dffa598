import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FakeClock } from "../testing/fake-clock.ts";
import { Deadlines, deadline } from "./deadlines.ts";

const TICK_MS = 10;

/** Longer than one turn of the wheel, which is 512 ticks. */
const delay = fc.oneof(
  fc.nat(30),
  fc.nat(500),
  fc.nat(20_000),
  fc.constantFrom(5_110, 5_120, 5_130),
);
const id = fc.nat(15);
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("arm" as const), id, delay }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("again" as const), id, delay }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("disarm" as const), id }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("advance" as const), ms: delay }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("stall" as const), ms: delay }) },
);

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Deadlines beside what they should be. */
class Model {
  readonly clock: FakeClock;
  readonly deadlines: Deadlines;
  /** When each armed entry is due. */
  readonly dueAt = new Map<number, number>();
  /** What an entry is armed with again when it expires. */
  readonly again = new Map<number, number>();
  readonly entries = Array.from({ length: 16 }, (_, own) => deadline(() => this.#expired(own)));

  constructor(startMs: number) {
    this.clock = new FakeClock({ startMs });
    this.deadlines = new Deadlines(this.clock, TICK_MS);
  }

  arm(own: number, delayMs: number): void {
    this.deadlines.arm(this.#entry(own), delayMs);
    this.dueAt.set(own, this.clock.now() + delayMs);
  }

  perform(own: Step): void {
    if (own.do === "arm") this.arm(own.id, own.delay);
    else if (own.do === "again") this.again.set(own.id, own.delay);
    else if (own.do === "advance") this.clock.advance(own.ms);
    else if (own.do === "stall") this.clock.stall(own.ms);
    else {
      this.deadlines.disarm(this.#entry(own.id));
      this.dueAt.delete(own.id);
    }
    this.#check();
  }

  #expired(own: number): void {
    // Never early, and never when it is not armed.
    expect(this.dueAt.get(own)).toBeLessThanOrEqual(this.clock.now());
    expect(this.deadlines.isArmed(this.#entry(own))).toBe(false);
    this.dueAt.delete(own);
    const delayMs = this.again.get(own);
    this.again.delete(own);
    if (delayMs !== undefined) this.arm(own, delayMs);
  }

  #check(): void {
    expect(this.deadlines.size).toBe(this.dueAt.size);
    for (const [own, dueAt] of this.dueAt) {
      expect(this.deadlines.isArmed(this.#entry(own))).toBe(true);
      // At most one tick late.
      expect(this.clock.now()).toBeLessThanOrEqual(dueAt + TICK_MS);
    }
  }

  #entry(own: number) {
    const entry = this.entries[own];
    if (entry === undefined) throw new Error(`no entry ${own}`);
    return entry;
  }
}

test("deadlines fire once, never early and at most one tick late, whatever is done to them", () => {
  const steps = fc.array(step, { maxLength: 60, size: "max" });
  fc.assert(
    fc.property(fc.nat(100_000), steps, (startMs, own) => {
      const model = new Model(startMs);
      for (const one of own) model.perform(one);
      model.again.clear();
      model.clock.advance(30_000);
      expect(model.dueAt.size).toBe(0);
      expect(model.clock.pending).toBe(0);
    }),
    { numRuns: 300 },
  );
});

describe("a deadline", () => {
  /** What fires, and when. */
  function watch(startMs = 0) {
    const clock = new FakeClock({ startMs });
    const deadlines = new Deadlines(clock, TICK_MS);
    const fired: [string, number][] = [];
    const entry = (name: string) => deadline(() => fired.push([name, clock.now() - startMs]));
    return { clock, deadlines, fired, entry };
  }

  test("on the beginning of a tick fires then", () => {
    const { clock, deadlines, fired, entry } = watch();
    deadlines.arm(entry("a"), 30);
    deadlines.arm(entry("b"), 31);
    deadlines.arm(entry("c"), 0);
    deadlines.arm(entry("d"), -5);
    clock.advance(100);
    expect(fired).toEqual([
      ["c", 10],
      ["d", 10],
      ["a", 30],
      ["b", 40],
    ]);
  });

  test("that was armed between ticks is not held up by them", () => {
    const { clock, deadlines, fired, entry } = watch(7);
    deadlines.arm(entry("a"), 1);
    deadlines.arm(entry("b"), 13);
    clock.advance(100);
    expect(fired).toEqual([
      ["a", 3],
      ["b", 13],
    ]);
  });

  test("that is armed again counts from then", () => {
    const { clock, deadlines, fired, entry } = watch();
    const own = entry("a");
    deadlines.arm(own, 50);
    clock.advance(40);
    deadlines.arm(own, 50);
    expect(deadlines.size).toBe(1);
    clock.advance(200);
    expect(fired).toEqual([["a", 90]]);
  });

  test("beyond one turn of the wheel waits for its own", () => {
    const { clock, deadlines, fired, entry } = watch();
    deadlines.arm(entry("near"), 20);
    deadlines.arm(entry("far"), 20 + 3 * 5_120);
    clock.advance(30_000);
    expect(fired).toEqual([
      ["near", 20],
      ["far", 20 + 3 * 5_120],
    ]);
  });

  test("that never comes can be armed and disarmed", () => {
    const { clock, deadlines, fired, entry } = watch();
    const own = entry("never");
    deadlines.arm(own, Number.POSITIVE_INFINITY);
    clock.advance(20_000);
    expect([fired, deadlines.isArmed(own)]).toEqual([[], true]);
    deadlines.disarm(own);
    deadlines.disarm(own);
    clock.advance(20);
    expect([deadlines.size, clock.pending]).toEqual([0, 0]);
  });

  test("that re-arms itself with nothing fires once per tick", () => {
    const { clock, deadlines, fired } = watch();
    const own = deadline(() => {
      fired.push(["again", clock.now()]);
      deadlines.arm(own, 0);
    });
    deadlines.arm(own, 0);
    clock.advance(50);
    expect(fired.map(([, at]) => at)).toEqual([10, 20, 30, 40, 50]);
  });

  test("tells what is left until then", () => {
    const { clock, deadlines, entry } = watch();
    const one = entry("one");
    expect(deadlines.leftMs(one)).toBeUndefined();
    deadlines.arm(one, 100);
    clock.advance(30);
    expect(deadlines.leftMs(one)).toBe(70);
    deadlines.disarm(one);
    expect(deadlines.leftMs(one)).toBeUndefined();
  });

  test("may disarm one that is due at the same time", () => {
    const { clock, deadlines, fired, entry } = watch();
    const victim = entry("victim");
    deadlines.arm(
      deadline(() => deadlines.disarm(victim)),
      20,
    );
    deadlines.arm(victim, 20);
    clock.advance(6_000);
    expect(fired).toEqual([]);
    expect(deadlines.size).toBe(0);
  });

  test("passed during a long pause fires right after it", () => {
    const { clock, deadlines, fired, entry } = watch();
    for (const ms of [10, 5_000, 9_990, 10_100]) deadlines.arm(entry(`${ms}`), ms);
    clock.stall(10_000);
    expect(fired.map(([name]) => name).sort()).toEqual(["10", "5000", "9990"]);
    clock.advance(100);
    expect(fired.at(-1)).toEqual(["10100", 10_100]);
  });
});
