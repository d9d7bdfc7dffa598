/** Pads the cells of all rows to the width of their columns; columns whose numbers are in `right` end flush. */
export function aligned(
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string[][] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return right.includes(column) ? cell.padStart(width) : cell.padEnd(width);
    }),
  );
}
