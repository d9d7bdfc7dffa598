import type { Finding, Severity } from "../findings.ts";
import type { CommentLine } from "./comments.ts";

// At the head of a line, or anywhere with a colon or a parenthesis behind it; prose about such notes is none.
const NOTE = /^(TODO|FIXME|XXX|HACK)\b|\b(TODO|FIXME|XXX|HACK)(?=[:(])/;
/** Who writes one of these knows that something is wrong; the others are plans. */
const KNOWN_WRONG = new Set(["FIXME", "XXX"]);

/** Finds notes that were left in comments. */
export function checkNotes(comments: readonly CommentLine[]): Finding[] {
  return comments.flatMap(({ text, line }): Finding[] => {
    const match = NOTE.exec(text);
    const word = match?.[1] ?? match?.[2];
    if (word === undefined) return [];
    const severity: Severity = KNOWN_WRONG.has(word) ? "warn" : "note";
    const told = text.slice(match?.index).slice(0, 80);
    return [{ check: "note left behind", severity, line, text: told, excess: 1 }];
  });
}
