import type { Token } from "./tokens.ts";

/** One line of a comment without its marks. */
export interface CommentLine {
  readonly text: string;
  readonly line: number;
}

/** The lines of all comments. */
export function commentLines(tokens: readonly Token[]): CommentLine[] {
  return tokens.filter((token) => token.kind === "comment").flatMap(linesOf);
}

/** The lines of the comments before the first code: where a file says whose it is and where it comes from. */
export function headComment(tokens: readonly Token[]): CommentLine[] {
  const code = tokens.findIndex((token) => token.kind !== "comment");
  return commentLines(code < 0 ? tokens : tokens.slice(0, code));
}

function linesOf(comment: Token): CommentLine[] {
  return comment.text.split("\n").map((line, at) => ({
    text: line
      .trim()
      .replace(/^(?:\/\/+!?|\/\*+|\*+\/?|#+!?)\s*/, "")
      .replace(/\s*\*+\/$/, ""),
    line: comment.line + at,
  }));
}
