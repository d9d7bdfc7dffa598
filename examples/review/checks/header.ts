import { isPunctuation, type Token } from "./tokens.ts";

/** What stands before the brace of a function. */
export interface Header {
  readonly name: string;
  /** Line that it begins on. */
  readonly line: number;
}

/**
 * Reads the code token by token, in order: given the position of the next one, it returns the header of the function
 * whose body that token opens, and undefined for every other token.
 */
export type HeaderReader = (at: number) => Header | undefined;

/** The name of a function that has none. */
export const ANONYMOUS = "anonymous function";

// A declaration reaches at most so far back: type annotations between a name and its `=` are short.
const REACH = 24;
const DECLARES = new Set(["const", "let", "var"]);
const SKIPPED = new Set(["async", "function", "*"]);

/** What a function that ends before `at` is assigned to: `const name = …`, `name: …`. */
export function assignedName(code: readonly Token[], at: number): string {
  let before = at;
  while (SKIPPED.has(code[before]?.text ?? "")) before--;
  const sign = code[before];
  if (!isPunctuation(sign, "=") && !isPunctuation(sign, ":")) return ANONYMOUS;
  if (isPunctuation(sign, "=")) {
    for (let back = before - 1; back >= Math.max(1, before - REACH); back--) {
      if (DECLARES.has(code[back - 1]?.text ?? "")) return nameAt(code, back);
      if (isPunctuation(code[back], ";")) break;
    }
  }
  return nameAt(code, before - 1);
}

function nameAt(code: readonly Token[], at: number): string {
  const token = code[at];
  return token?.kind === "word" ? token.text : ANONYMOUS;
}
