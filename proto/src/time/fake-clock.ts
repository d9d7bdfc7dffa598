/** Time that moves only when a test of this package says so. No door of the package leads here. */
import type { Clock, Timer } from "./clock.ts";

interface Alarm {
  readonly atMs: number;
  readonly run: () => void;
}

export class FakeClock implements Clock {
  readonly #alarms = new Set<Alarm>();
  #nowMs: number;

  constructor(nowMs = 0) {
    this.#nowMs = nowMs;
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#alarms.size;
  }

  now(): number {
    return this.#nowMs;
  }

  unixMs(): number {
    return 1_800_000_000_000 + this.#nowMs;
  }

  after(delayMs: number, run: () => void): Timer {
    const alarm = { atMs: this.#nowMs + Math.max(0, delayMs), run };
    this.#alarms.add(alarm);
    return { cancel: () => this.#alarms.delete(alarm) };
  }

  /** Moves on by `ms`; every timer that comes due on the way runs at its own time. */
  advance(ms: number): void {
    const until = this.#nowMs + ms;
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      this.#go(next);
    }
    this.#nowMs = until;
  }

  /** Moves on by `ms` while the process stands still: what came due on the way runs late, at the end. */
  stall(ms: number): void {
    this.#nowMs += ms;
    this.advance(0);
  }

  #go(alarm: Alarm): void {
    this.#alarms.delete(alarm);
    alarm.run();
  }

  /** The earliest alarm; of several at one time the one that was set first. */
  #next(until: number): Alarm | undefined {
    let next: Alarm | undefined;
    for (const alarm of this.#alarms) {
      if (alarm.atMs <= until && (next === undefined || alarm.atMs < next.atMs)) next = alarm;
    }
    return next;
  }
}
