/** Time that moves only when a test says so. */
import type { Clock, Timer } from "@agentmesh/proto";

interface Alarm {
  readonly atMs: number;
  /** Alarms of the same time go off in the order in which they were set. */
  readonly order: number;
  readonly run: () => void;
}

export interface FakeClockOptions {
  /** What `unixMs` tells at the start. Default: some day in 2027. A host of a later life starts later. */
  readonly unixMs?: number;
}

const SOME_DAY_UNIX_MS = 1_800_000_000_000;

/** A clock for `createHost(options, { clock })` and for anything else that takes a {@link Clock}. */
export class FakeClock implements Clock {
  readonly #startedUnixMs: number;
  readonly #alarms = new Set<Alarm>();
  #nowMs = 0;
  #order = 0;

  constructor(options: FakeClockOptions = {}) {
    this.#startedUnixMs = options.unixMs ?? SOME_DAY_UNIX_MS;
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#alarms.size;
  }

  now(): number {
    return this.#nowMs;
  }

  unixMs(): number {
    return this.#startedUnixMs + this.#nowMs;
  }

  after(delayMs: number, run: () => void): Timer {
    this.#order += 1;
    const alarm = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order, run };
    this.#alarms.add(alarm);
    return { cancel: () => this.#alarms.delete(alarm) };
  }

  /**
   * Moves on by `ms` and runs every timer that comes due on the way, each at its own time, those included that are set
   * on the way. It returns at once: what was written to a socket meanwhile has not arrived yet.
   */
  advance(ms: number): void {
    const until = this.#nowMs + ms;
    for (let next = this.#nextDue(until); next !== undefined; next = this.#nextDue(until)) {
      this.#alarms.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
    }
    this.#nowMs = until;
  }

  #nextDue(until: number): Alarm | undefined {
    let next: Alarm | undefined;
    for (const alarm of this.#alarms) {
      if (alarm.atMs <= until && (next === undefined || isBefore(alarm, next))) next = alarm;
    }
    return next;
  }
}

function isBefore(one: Alarm, other: Alarm): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
