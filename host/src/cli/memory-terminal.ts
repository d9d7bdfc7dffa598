import type { EndSignal } from "./exit-codes.ts";
import type { Terminal } from "./terminal.ts";

/** A terminal in memory, to try commands without a process: keeps what they write and sends them signals. */
export class MemoryTerminal implements Terminal {
  readonly env: Readonly<Record<string, string>>;
  readonly columns: number | undefined;
  readonly out: string[] = [];
  readonly err: string[] = [];
  /** Resolves with the first line on stdout. */
  readonly firstLine: Promise<string>;
  readonly #listeners: (readonly [signal: EndSignal, listener: () => void])[] = [];
  #print: ((line: string) => void) | undefined;

  constructor(env: Readonly<Record<string, string>> = {}, columns?: number) {
    this.env = env;
    this.columns = columns;
    this.firstLine = new Promise((resolve) => {
      this.#print = resolve;
    });
  }

  print(line: string): void {
    this.out.push(line);
    this.#print?.(line);
  }

  complain(line: string): void {
    this.err.push(line);
  }

  async read(): Promise<Buffer> {
    return Buffer.alloc(0);
  }

  on(signal: EndSignal, listener: () => void): void {
    this.#listeners.push([signal, listener]);
  }

  /** Sends a signal to the command. */
  send(signal: EndSignal): void {
    for (const [wanted, listener] of this.#listeners) if (wanted === signal) listener();
  }
}
