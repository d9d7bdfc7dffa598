import { END_SIGNALS, type EndSignal } from "./exit-codes.ts";
import type { Terminal } from "./terminal.ts";

/** Signals that ask the program to end, in the order in which they come; none is lost. */
export class Interrupts {
  readonly #arrived: EndSignal[] = [];
  #waiting: ((signal: EndSignal) => void) | undefined;

  constructor(terminal: Terminal) {
    for (const signal of END_SIGNALS) terminal.on(signal, () => this.#arrive(signal));
  }

  /** The next signal. Ask again only after it has come. */
  next(): Promise<EndSignal> {
    const signal = this.#arrived.shift();
    if (signal !== undefined) return Promise.resolve(signal);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  #arrive(signal: EndSignal): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#arrived.push(signal);
    else waiting(signal);
  }
}
