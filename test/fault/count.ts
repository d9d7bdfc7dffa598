import { within } from "../support/waiting.ts";

interface Waiting {
  readonly target: number;
  readonly go: () => void;
}

/** A number that grows, for whoever paces something by it instead of by time. */
export class Count {
  readonly #what: string;
  readonly #limitMs: number;
  #value = 0;
  #waiting: Waiting[] = [];

  /** `limitMs` is how long it may take to grow as far as somebody waits for. */
  constructor(what: string, limitMs = 60_000) {
    this.#what = what;
    this.#limitMs = limitMs;
  }

  get value(): number {
    return this.#value;
  }

  add(): void {
    this.#value++;
    if (this.#waiting.length === 0) return;
    const reached = this.#waiting.filter(({ target }) => target <= this.#value);
    this.#waiting = this.#waiting.filter(({ target }) => target > this.#value);
    for (const { go } of reached) go();
  }

  /** Waits until it has grown by so much. @throws when that takes too long. */
  async grown(by: number): Promise<void> {
    const target = this.#value + by;
    const reached = new Promise<void>((go) => this.#waiting.push({ target, go }));
    const late = () => `${target} ${this.#what}; there are ${this.#value}`;
    await within(reached, late, this.#limitMs);
  }
}
