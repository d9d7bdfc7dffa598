/**
 * Watches one stream for signs of life. After `heartbeatMs` of silence the peer is asked for one; after `livenessMs`
 * without any byte it counts as dead. A stopped process, a cut cable and a half-open connection all look like that.
 */
import type { Clock, Timer } from "../time/clock.ts";

export interface LivenessOptions {
  readonly clock: Clock;
  /** Milliseconds of silence after which `onSilence` is called, and again after as long. */
  readonly heartbeatMs: number;
  /** Milliseconds of silence after which `onDead` is called, once. */
  readonly livenessMs: number;
  /** Ask the peer for a sign of life. */
  readonly onSilence: () => void;
  /** The peer is dead. */
  readonly onDead: () => void;
}

export class Liveness {
  readonly #options: LivenessOptions;
  #heardAt: number;
  #timer: Timer | undefined;
  #dueAt = 0;

  constructor(options: LivenessOptions) {
    this.#options = options;
    this.#heardAt = options.clock.now();
    this.#schedule();
  }

  /** Something arrived. */
  heard(): void {
    this.#heardAt = this.#options.clock.now();
  }

  /** Stops watching. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #schedule(): void {
    const silent = this.#options.clock.now() - this.#heardAt;
    const toHeartbeat = this.#options.heartbeatMs - (silent % this.#options.heartbeatMs);
    const wait = Math.max(1, Math.min(toHeartbeat, this.#options.livenessMs - silent));
    this.#dueAt = this.#options.clock.now() + wait;
    this.#timer = this.#options.clock.after(wait, this.#check);
  }

  readonly #check = (): void => {
    this.#forgiveOwnPause();
    const silent = this.#options.clock.now() - this.#heardAt;
    if (silent >= this.#options.livenessMs) {
      this.#timer = undefined;
      this.#options.onDead();
      return;
    }
    // First, so that who stops watching on silence has stopped for good.
    this.#schedule();
    if (silent >= this.#options.heartbeatMs) this.#options.onSilence();
  };

  /** Who was stopped itself has not read what the peer has sent meanwhile: the peer gets another chance. */
  #forgiveOwnPause(): void {
    const { clock, heartbeatMs } = this.#options;
    const now = clock.now();
    if (now - this.#dueAt > heartbeatMs) this.#heardAt = Math.max(this.#heardAt, now - heartbeatMs);
  }
}
