import type { Clock, Timer } from "@agentmesh/proto";

interface Alarm {
  readonly atMs: number;
  readonly run: () => void;
}

/** Time that moves only when a test says so. */
export class FakeClock implements Clock {
  #alarms: Alarm[] = [];
  #nowMs = 0;

  /** Timers that are set. */
  get pending(): number {
    return this.#alarms.length;
  }

  now(): number {
    return this.#nowMs;
  }

  unixMs(): number {
    return 1_800_000_000_000 + this.#nowMs;
  }

  after(delayMs: number, run: () => void): Timer {
    const alarm = { atMs: this.#nowMs + Math.max(0, delayMs), run };
    this.#alarms.push(alarm);
    return {
      cancel: () => {
        this.#alarms = this.#alarms.filter((other) => other !== alarm);
      },
    };
  }

  /** Moves on and runs what comes due on the way, each at its own time. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (let next = this.#nextDue(untilMs); next !== undefined; next = this.#nextDue(untilMs)) {
      this.#alarms = this.#alarms.filter((alarm) => alarm !== next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
    }
    this.#nowMs = untilMs;
  }

  /** Moves on to the timer that comes due next, and runs it. */
  advanceToNext(): void {
    const next = this.#nextDue(Number.POSITIVE_INFINITY);
    if (next !== undefined) this.advance(next.atMs - this.#nowMs);
  }

  #nextDue(untilMs: number): Alarm | undefined {
    let next: Alarm | undefined;
    for (const alarm of this.#alarms) {
      if (alarm.atMs <= untilMs && (next === undefined || alarm.atMs < next.atMs)) next = alarm;
    }
    return next;
  }
}
