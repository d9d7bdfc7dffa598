import type { Clock, Timer } from "@agentmesh/proto";

/** A span of time that ends by itself or is ended before. */
export class Grace {
  /** Resolves at the end. */
  readonly over: Promise<void>;
  readonly #timer: Timer;
  #end: () => void = () => undefined;
  #isOver = false;

  constructor(clock: Clock, ms: number) {
    this.over = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#timer = clock.after(ms, () => this.end());
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Ends it now. Idempotent. */
  end(): void {
    this.#isOver = true;
    this.#timer.cancel();
    this.#end();
  }
}
