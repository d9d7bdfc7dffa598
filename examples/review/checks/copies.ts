import { createHash } from "node:crypto";
import { excessOver, type Finding, rate, type Scale } from "../findings.ts";

/** So many lines of code in a row must be equal before two places count as copies of each other. */
const WINDOW = 10;

/** Files with more windows are data rather than code; the rest of theirs is not looked at. */
const MAX_WINDOWS = 20_000;

/** Different lines that a window must have. */
const LEAST_VARIETY = 3;

/** Equal lines that are too many. */
const LINES: Scale = { note: WINDOW - 1, warn: 24, block: 59 };

/** `WINDOW` lines of code in a row, known by their hash. A file has one window for each line that begins one. */
export interface Window {
  readonly hash: string;
  /** Lines of the file that it begins and ends on, from 1. */
  readonly line: number;
  readonly lastLine: number;
}

/** A block of a file that stands at an earlier place as well. */
export interface Copy {
  /** Lines of the file that it begins on and how many lines of code are equal. */
  readonly line: number;
  readonly lines: number;
  /** Where it stood first. */
  readonly of: { readonly path: string; readonly line: number };
}

const BLANK_OR_COMMENT = /^(?:\/\/|\/\*|\*|#(?!include)|--)|^\W*$/;
const IMPORT = /^(?:import|export \{|export \*|from|use|using|package|#include|\} from)\b/;

/** The windows of a file. Blank lines, comments, lone brackets and imports do not count; white space is evened out. */
export function fingerprint(text: string): Window[] {
  const lines = text
    .split("\n")
    .map((line, at) => ({ text: line.trim().replace(/\s+/g, " "), number: at + 1 }))
    .filter((line) => !BLANK_OR_COMMENT.test(line.text) && !IMPORT.test(line.text));
  const windows: Window[] = [];
  for (let at = 0; at + WINDOW <= lines.length && at < MAX_WINDOWS; at++) {
    const inside = lines.slice(at, at + WINDOW);
    windows.push({
      hash: hashOf(inside.map((line) => line.text)),
      line: inside[0]?.number ?? 0,
      lastLine: inside[WINDOW - 1]?.number ?? 0,
    });
  }
  return windows;
}

/** Lines that hardly differ, as in a table of zeros, are no block that someone copied: they have no hash. */
function hashOf(lines: readonly string[]): string {
  if (new Set(lines).size < LEAST_VARIETY) return "";
  return createHash("sha256").update(lines.join("\n")).digest("base64url").slice(0, 12);
}

/** Where a window stands: `at` is its position among the windows of its file. */
interface Place {
  readonly path: string;
  readonly at: number;
  readonly line: number;
}

/** The windows of all files that were remembered, and where each stands first. */
export interface BlockIndex {
  readonly files: Map<string, readonly Window[]>;
  /** An index of `files`. */
  readonly first: Map<string, Place>;
}

export function createBlockIndex(): BlockIndex {
  return { files: new Map(), first: new Map() };
}

/** Adds the windows of a file. The order in which files come makes no difference. */
export function remember(index: BlockIndex, path: string, windows: readonly Window[]): void {
  index.files.set(path, windows);
  for (const [at, { hash, line }] of windows.entries()) {
    if (hash === "") continue;
    const first = index.first.get(hash);
    if (first === undefined || path < first.path) index.first.set(hash, { path, at, line });
  }
}

/** The blocks of a remembered file that stand at an earlier place: further up, or in a file that sorts before it. */
export function findCopies(index: BlockIndex, path: string): Copy[] {
  const windows = index.files.get(path) ?? [];
  const copies: Copy[] = [];
  let at = 0;
  while (at < windows.length) {
    const first = earlierPlace(index, path, windows, at);
    const length = first === undefined ? 0 : runLength(index, path, windows, at, first);
    const line = windows[at]?.line ?? 0;
    if (first !== undefined) copies.push({ line, lines: length + WINDOW - 1, of: pick(first) });
    // The next block may begin only after this one, so that no line is told twice.
    at += length === 0 ? 1 : length + WINDOW - 1;
  }
  return copies;
}

function earlierPlace(
  index: BlockIndex,
  path: string,
  windows: readonly Window[],
  at: number,
): Place | undefined {
  const first = index.first.get(windows[at]?.hash ?? "");
  if (first === undefined) return undefined;
  // A window that overlaps its own first place is a run of equal lines, not a copy.
  const earlier = first.path === path ? first.at + WINDOW <= at : first.path < path;
  return earlier ? first : undefined;
}

/** How many windows from `at` on go along with those from `first` on. */
function runLength(
  index: BlockIndex,
  path: string,
  windows: readonly Window[],
  at: number,
  first: Place,
): number {
  let length = 1;
  for (; at + length < windows.length; length++) {
    const next = earlierPlace(index, path, windows, at + length);
    if (next?.path !== first.path || next.at !== first.at + length) break;
  }
  return length;
}

function pick({ path, line }: Place): Copy["of"] {
  return { path, line };
}

/** What a reviewer has to say about copies. */
export function copyFindings(path: string, copies: readonly Copy[]): Finding[] {
  return copies.map(({ line, lines, of }) => {
    const place = of.path === path ? `line ${of.line}` : `${of.path}:${of.line}`;
    const text = `${lines} lines as in ${place}`;
    const [severity, excess] = [rate(lines, LINES), excessOver(lines, LINES)];
    return { check: "duplicated block", severity, line, text, excess };
  });
}
