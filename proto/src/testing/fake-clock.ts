/**
 * Time that moves only when a test says so.
 *
 * F1. A timer runs at its own time, also when it was set by another one on the way; of several at one time the one that
 *     was set first.
 * F2. Nothing runs but from within `advance` and `stall`.
 */
import type { Clock, Timer } from "../time/clock.ts";

interface Alarm {
  readonly atMs: number;
  readonly run: () => void;
}

/** Where a {@link FakeClock} starts. */
export interface FakeClockOptions {
  /** What `now` tells at first, in milliseconds. Default: 0. */
  readonly startMs?: number;
  /** What `unixMs` tells at first, in milliseconds since 1970. Default: some day in 2027. */
  readonly unixMs?: number;
}

const SOME_DAY_UNIX_MS = 1_800_000_000_000;

/** A {@link Clock} for everything that takes one: hosts, workers, local runtimes. */
export class FakeClock implements Clock {
  readonly #startedMs: number;
  readonly #startedUnixMs: number;
  /** In the order in which they were set. */
  readonly #alarms = new Set<Alarm>();
  #nowMs: number;

  constructor({ startMs = 0, unixMs = SOME_DAY_UNIX_MS }: FakeClockOptions = {}) {
    this.#startedMs = startMs;
    this.#startedUnixMs = unixMs;
    this.#nowMs = startMs;
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#alarms.size;
  }

  now(): number {
    return this.#nowMs;
  }

  unixMs(): number {
    return this.#startedUnixMs + this.#nowMs - this.#startedMs;
  }

  after(delayMs: number, run: () => void): Timer {
    const alarm = { atMs: this.#nowMs + Math.max(0, delayMs), run };
    this.#alarms.add(alarm);
    return { cancel: () => this.#alarms.delete(alarm) };
  }

  /**
   * Moves on by `ms`; every timer that comes due on the way runs at its own time. It returns at once: what was written
   * to a socket meanwhile has not arrived, and handlers that were woken have not gone on.
   */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (let next = this.#nextDue(untilMs); next !== undefined; next = this.#nextDue(untilMs)) {
      this.#alarms.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
    }
    this.#nowMs = untilMs;
  }

  /** Moves on to the timer that comes due next, and runs it. Without effect when none is set. */
  advanceToNext(): void {
    const next = this.#nextDue(Number.POSITIVE_INFINITY);
    if (next !== undefined) this.advance(Math.max(0, next.atMs - this.#nowMs));
  }

  /** Moves on by `ms` as when the process stood still: what came due on the way runs late, at the end. */
  stall(ms: number): void {
    this.#nowMs += ms;
    this.advance(0);
  }

  #nextDue(untilMs: number): Alarm | undefined {
    let next: Alarm | undefined;
    for (const alarm of this.#alarms) {
      if (alarm.atMs <= untilMs && (next === undefined || alarm.atMs < next.atMs)) next = alarm;
    }
    return next;
  }
}
