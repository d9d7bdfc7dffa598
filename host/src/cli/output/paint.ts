import type { Terminal } from "../terminal.ts";

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const;

/** How a text stands out. */
export type Style = keyof typeof CODES;

/** Makes a text stand out, or leaves it as it is where colours are not wanted. */
export type Paint = (style: Style, text: string) => string;

/** Colours for a screen, unless `NO_COLOR` is set (https://no-color.org) or the screen knows none. */
export function paintFor({ columns, env }: Terminal): Paint {
  const isWanted = columns !== undefined && !env.NO_COLOR && env.TERM !== "dumb";
  if (!isWanted) return (_, text) => text;
  return (style, text) => `\u001b[${CODES[style]}m${text}\u001b[0m`;
}

/** The text without what a screen would obey: names and errors may come from strangers. */
export function harmless(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) =>
    character === "\n" || character === "\t" ? " " : "\ufffd",
  );
}
