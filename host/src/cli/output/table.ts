import { harmless, type Paint } from "./paint.ts";

/** A column: its title, and how its cells look. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  /** Numbers stand to the right. Default: left. */
  readonly align?: "right";
}

const GAP = "  ";
/** The narrowest that a cell is cut to, so that something can be read. */
const LEAST_WIDTH = 8;

/**
 * Lines of a table with aligned columns. Where a screen is `columns` wide, the last column is cut to what is left.
 */
export function tableLines<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { paint, width }: { readonly paint: Paint; readonly width: number | undefined },
): string[] {
  const cells = rows.map((row) => columns.map(({ cell }) => harmless(cell(row))));
  const titles = columns.map(({ title }) => title);
  const widths = columns.map((_, index) =>
    Math.max(...[titles, ...cells].map((line) => line[index]?.length ?? 0)),
  );
  const before = widths.slice(0, -1).reduce((sum, one) => sum + one + GAP.length, 0);
  const room = width === undefined ? undefined : Math.max(LEAST_WIDTH, width - before);
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, index) => {
        if (index === texts.length - 1) return cut(text, room);
        const to = widths[index] ?? 0;
        return columns[index]?.align === "right" ? text.padStart(to) : text.padEnd(to);
      })
      .join(GAP)
      .trimEnd();
  return [paint("bold", line(titles)), ...cells.map(line)];
}

/** Lines of `name  value`, aligned. */
export function pairLines(
  pairs: readonly (readonly [name: string, value: string])[],
  paint: Paint,
): string[] {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${paint("dim", name.padEnd(width))}  ${harmless(value)}`);
}

/** Texts one after the other, in lines of at most `width`, each behind `indent`. */
export function wrapLines(text: string, indent: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of harmless(text).split(/ +/)) {
    if (line !== "" && indent.length + line.length + 1 + word.length > width) {
      lines.push(indent + line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return line === "" ? lines : [...lines, indent + line];
}

function cut(text: string, room: number | undefined): string {
  return room === undefined || text.length <= room ? text : `${text.slice(0, room - 1)}…`;
}
