/** A place in an agent's code where it waits until the test lets it go on. */
import { until } from "./waiting.ts";

export class Gate {
  readonly #what: string;
  #waiting: (() => void)[] = [];
  #arrived = 0;
  #isOpen = false;

  /** `what` is who comes to the gate, for the message of a test that waits for nobody. */
  constructor(what: string) {
    this.#what = what;
  }

  /** How many have come to the gate. */
  get arrived(): number {
    return this.#arrived;
  }

  /** Goes through when the gate is open, and waits for that otherwise. */
  async pass(): Promise<void> {
    this.#arrived++;
    if (!this.#isOpen) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Resolves when `count` have come, all in all. */
  arrivals(count = 1): Promise<void> {
    return until(() => this.#arrived >= count, `${this.#what}, ${count} in number`);
  }

  /** Lets the one through that waits longest. */
  admit(): void {
    this.#waiting.shift()?.();
  }

  /** Lets all through from now on. */
  open(): void {
    this.#isOpen = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }
}
