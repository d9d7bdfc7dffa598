import type { Terminal } from "../terminal.ts";
import { type Paint, paintFor } from "./paint.ts";
import { type Column, tableLines } from "./table.ts";

/** What a command prints: for people, or as JSON for programs. */
export class Output {
  readonly isJson: boolean;
  readonly paint: Paint;
  /** Columns of the screen; undefined where a file or a program reads. */
  readonly width: number | undefined;
  readonly #terminal: Terminal;

  constructor(terminal: Terminal, isJson: boolean) {
    this.#terminal = terminal;
    this.isJson = isJson;
    this.paint = paintFor(terminal);
    this.width = terminal.columns;
  }

  /** Prints the one result of a command: one JSON document, or lines. */
  result(value: object, lines: () => readonly string[]): void {
    if (this.isJson) this.#terminal.print(JSON.stringify(value, undefined, 2));
    else for (const line of lines()) this.#terminal.print(line);
  }

  /** Prints one of several results as they come: one JSON document per line, or one line. */
  entry(value: object, line: () => string): void {
    this.#terminal.print(this.isJson ? JSON.stringify(value) : line());
  }

  /** Lines of a table for people. */
  table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string[] {
    return tableLines(rows, columns, { paint: this.paint, width: this.width });
  }

  /** Tells people something beside the result; programs are not told. */
  note(text: string): void {
    if (!this.isJson) this.#terminal.complain(text);
  }
}
