import type { Clock, Timer } from "@agentmesh/proto";
import { listenTo } from "../connection/caller-signal.ts";

/** A span of time that ends by itself or is ended before, also by the signal of who grants it. */
export class Grace {
  /** Resolves at the end. */
  readonly over: Promise<void>;
  readonly #timer: Timer;
  readonly #signal: AbortSignal | undefined;
  #end: () => void = () => undefined;
  #isOver = false;

  constructor(clock: Clock, ms: number, signal?: AbortSignal) {
    this.over = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#timer = clock.after(ms, this.end);
    this.#signal = signal;
    if (signal?.aborted === true) this.end();
    else if (signal !== undefined) listenTo(signal, this.end);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Ends it now. Idempotent. */
  readonly end = (): void => {
    this.#isOver = true;
    this.#timer.cancel();
    this.#signal?.removeEventListener("abort", this.end);
    this.#end();
  };
}
