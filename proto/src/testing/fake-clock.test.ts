import { describe, expect, it } from "vitest";
import { FakeClock } from "./fake-clock.ts";

describe("FakeClock", () => {
  it("runs timers in the order of their times, each at its own, those set on the way included", () => {
    const clock = new FakeClock();
    const ran: string[] = [];
    const note = (what: string) => () => ran.push(`${what} at ${clock.now()}`);
    clock.after(20, note("late"));
    clock.after(10, () => {
      note("early")();
      clock.after(5, note("set on the way"));
    });
    clock.after(10, note("early too"));
    clock.after(30, note("not due"));
    clock.advance(25);
    expect(ran).toEqual(["early at 10", "early too at 10", "set on the way at 15", "late at 20"]);
    expect(clock.now()).toBe(25);
    expect(clock.pending).toBe(1);
  });

  it("runs at once, but not before it is moved, what has no delay", () => {
    const clock = new FakeClock();
    let runs = 0;
    clock.after(-5, () => runs++);
    expect(runs).toBe(0);
    clock.advance(0);
    expect(runs).toBe(1);
  });

  it("does not run what was cancelled", () => {
    const clock = new FakeClock();
    const timer = clock.after(10, () => {
      throw new Error("it was cancelled");
    });
    timer.cancel();
    timer.cancel();
    clock.advance(10);
    expect(clock.pending).toBe(0);
  });

  it("moves to the next timer, when there is one", () => {
    const clock = new FakeClock();
    clock.after(20, () => {});
    clock.after(10, () => {});
    clock.advanceToNext();
    expect([clock.now(), clock.pending]).toEqual([10, 1]);
    clock.advanceToNext();
    clock.advanceToNext();
    expect([clock.now(), clock.pending]).toEqual([20, 0]);
  });

  it("runs late what came due while the process stood still", () => {
    const clock = new FakeClock();
    const ranAtMs: number[] = [];
    for (const delayMs of [10, 20]) clock.after(delayMs, () => ranAtMs.push(clock.now()));
    clock.stall(100);
    expect(ranAtMs).toEqual([100, 100]);
  });

  it("starts where it is told to", () => {
    const clock = new FakeClock({ startMs: 5, unixMs: 1_900_000_000_000 });
    expect([clock.now(), clock.unixMs()]).toEqual([5, 1_900_000_000_000]);
    clock.advance(3);
    expect([clock.now(), clock.unixMs()]).toEqual([8, 1_900_000_000_003]);
  });
});
