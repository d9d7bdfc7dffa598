import type { EndSignal } from "./exit-codes.ts";

/** What a command knows of the process that it runs in. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Columns of the screen that reads stdout; undefined where a file or a program does. */
  readonly columns: number | undefined;
  /** Writes a line to stdout: what was asked for. */
  print(line: string): void;
  /** Writes a line to stderr: what went wrong. */
  complain(line: string): void;
  /** Everything on stdin. */
  read(): Promise<Buffer>;
  /** Calls `listener` at every such signal, instead of ending the process. */
  on(signal: EndSignal, listener: () => void): void;
}

/** A failure that ends a command: one line for people and an exit code. */
export class CommandFailure extends Error {
  readonly exitCode: number;

  constructor(text: string, exitCode: number, options?: ErrorOptions) {
    super(text, options);
    this.name = "CommandFailure";
    this.exitCode = exitCode;
  }
}
