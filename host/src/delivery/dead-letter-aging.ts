import type { Clock, Timer } from "@agentmesh/proto";
import type { DeadLetterStore } from "../store/dead-letter-store.ts";

/** Milliseconds between two looks: a tenth of the age, within these bounds. */
const LEAST_WAIT_MS = 50;
const MOST_WAIT_MS = 60_000;

/** Lets the store drop dead letters that have been parked for too long, a bounded number at a time. */
export class DeadLetterAging {
  readonly #clock: Clock;
  readonly #store: DeadLetterStore;
  readonly #ageMs: number;
  readonly #waitMs: number;
  #timer: Timer | undefined;
  #phase: "open" | "closed" = "open";

  constructor(clock: Clock, store: DeadLetterStore, ageMs: number) {
    this.#clock = clock;
    this.#store = store;
    this.#ageMs = ageMs;
    this.#waitMs = Math.max(LEAST_WAIT_MS, Math.min(MOST_WAIT_MS, ageMs / 10));
  }

  start(): void {
    if (this.#phase === "open") this.#timer = this.#clock.after(this.#waitMs, () => this.#look());
  }

  close(): void {
    this.#phase = "closed";
    this.#timer?.cancel();
  }

  #look(): void {
    this.#store.dropBefore(this.#clock.unixMs() - this.#ageMs).then(
      (dropped) => {
        if (dropped > 0 && this.#phase === "open") this.#look();
        else this.start();
      },
      // It is as old at the next look, and whoever parks a letter is told what is wrong with the store.
      () => this.start(),
    );
  }
}
