/**
 * Keys are any text, but SQLite's texts end at the first NUL for whoever reads them. So a NUL is written as two other
 * characters, and the first of these as itself twice: two texts that differ stay different, and others stay as they are.
 */
const ESCAPE = "\u0001";
const NUL = "\0";
const NUL_SIGN = "\u0002";
const ESCAPED = new RegExp(`${ESCAPE}([${ESCAPE}${NUL_SIGN}])`, "g");

/** A text as a column keeps it. */
export function toColumn(text: string): string {
  if (!text.includes(NUL) && !text.includes(ESCAPE)) return text;
  return text.replaceAll(ESCAPE, ESCAPE + ESCAPE).replaceAll(NUL, ESCAPE + NUL_SIGN);
}

/** The text that a column keeps. */
export function fromColumn(kept: string): string {
  if (!kept.includes(ESCAPE)) return kept;
  return kept.replaceAll(ESCAPED, (_, sign) => (sign === NUL_SIGN ? NUL : ESCAPE));
}
