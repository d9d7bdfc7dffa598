/** Where the terminal writes to. */
export interface Screen {
  write(text: string): void;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const STYLES = { dim: 2, bold: 1, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
export type Style = keyof typeof STYLES;

/** Puts text in a style, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string;

/** Paints on a terminal that wants colours: never in a pipe, and not where `NO_COLOR` is set. */
export function painterFor(
  screen: Screen,
  env: Readonly<Record<string, string | undefined>>,
): Paint {
  const refuses = (env.NO_COLOR ?? "") !== "" || env.TERM === "dumb";
  if (screen.isTTY !== true || refuses) return (_, text) => text;
  return (style, text) => `\u001b[${STYLES[style]}m${text}\u001b[0m`;
}

/** Text from files and file names, made harmless: a file must not be able to steer the terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "·");
}

/** The text in at most `width` characters. */
export function shorten(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, Math.max(0, width - 1))}…` : text;
}
