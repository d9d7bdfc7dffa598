import type { CommentLine } from "./comments.ts";
import type { Token } from "./tokens.ts";

const GENERATED =
  /@generated\b|\b(?:code|file) (?:is |was )?(?:auto[- ]?)?generated\b|\bautomatically generated\b/i;
const TEST_PATH = /(?:^|\/)(?:tests?|__tests__|specs?|fixtures)\/|[._-](?:test|spec)\.[a-z]+$/i;
const TEST_CALLS = new Set(["describe", "it", "test"]);

/** Whether the head of a file says that a program wrote it: nobody edits such a file by hand. */
export function isGenerated(head: readonly CommentLine[]): boolean {
  return head.some((comment) => GENERATED.test(comment.text));
}

/** Whether a file tests others, by its place or by what it calls. */
export function isTest(path: string, tokens: readonly Token[]): boolean {
  if (TEST_PATH.test(path)) return true;
  return tokens.some(
    (token, at) =>
      token.kind === "word" &&
      TEST_CALLS.has(token.text) &&
      tokens[at + 1]?.text === "(" &&
      tokens[at + 2]?.kind === "literal" &&
      tokens[at + 3]?.text === ",",
  );
}
