import type { Clock, Timer } from "@agentmesh/proto";

/**
 * A clock that stands still within one turn of the event loop: everything that one batch causes happens at the same
 * time, and thousands of messages cost one look at the real clock.
 */
export class TurnClock implements Clock {
  readonly #clock: Clock;
  #now = 0;
  #unixMs = 0;
  #isFresh = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    if (!this.#isFresh) this.#look();
    return this.#now;
  }

  unixMs(): number {
    if (!this.#isFresh) this.#look();
    return this.#unixMs;
  }

  after(delayMs: number, run: () => void): Timer {
    return this.#clock.after(delayMs, () => {
      this.#isFresh = false;
      run();
    });
  }

  #look(): void {
    this.#now = this.#clock.now();
    this.#unixMs = this.#clock.unixMs();
    this.#isFresh = true;
    setImmediate(this.#expire);
  }

  readonly #expire = (): void => {
    this.#isFresh = false;
  };
}
