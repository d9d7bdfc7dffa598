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

/** Windows that an index holds; those of further files are compared with these and not remembered. */
const MAX_REMEMBERED = 4_000_000;

/**
 * The windows of a file: `WINDOW` lines of code in a row each, known by their hash. There is one for each line that
 * begins one. Numbers in rows, because a large folder has millions of them.
 */
export interface Fingerprint {
  /** One per window, 48 bits; 0 where lines hardly differ, which no one copied. */
  readonly hashes: readonly number[];
  /** Line of the file that it begins on, from 1. */
  readonly lines: readonly number[];
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

/** Blank lines, comments, lone brackets and imports do not count; white space is evened out. */
export function fingerprint(text: string): Fingerprint {
  const code = text
    .split("\n")
    .map((line, at) => ({ text: line.trim().replace(/\s+/g, " "), number: at + 1 }))
    .filter((line) => !BLANK_OR_COMMENT.test(line.text) && !IMPORT.test(line.text));
  const windows = Math.min(code.length - WINDOW + 1, MAX_WINDOWS);
  const hashes: number[] = [];
  const lines: number[] = [];
  for (let at = 0; at < windows; at++) {
    hashes.push(hashOf(code.slice(at, at + WINDOW).map((line) => line.text)));
    lines.push(code[at]?.number ?? 0);
  }
  return { hashes, lines };
}

/** Lines that hardly differ, as in a table of zeros, are no block that someone copied. */
function hashOf(lines: readonly string[]): number {
  if (new Set(lines).size < LEAST_VARIETY) return 0;
  return createHash("sha256").update(lines.join("\n")).digest().readUIntBE(0, 6);
}

/** Where a window stands: `at` is its position among the windows of its file. */
interface Place {
  readonly path: string;
  readonly at: number;
  readonly line: number;
}

/** The windows of a remembered file, in the least memory. */
interface Windows {
  readonly hashes: Float64Array;
  readonly lines: Uint32Array;
}

/** The windows of all files that were remembered, and where each stands first. */
export interface BlockIndex {
  readonly files: Map<string, Windows>;
  /** An index of `files`; at the limit it takes no more. */
  readonly first: Map<number, Place>;
  readonly limit: number;
}

export function createBlockIndex(limit = MAX_REMEMBERED): BlockIndex {
  return { files: new Map(), first: new Map(), limit };
}

/** Adds the windows of a file. The order in which files come makes no difference, as long as they are few enough. */
export function remember(index: BlockIndex, path: string, { hashes, lines }: Fingerprint): void {
  index.files.set(path, { hashes: Float64Array.from(hashes), lines: Uint32Array.from(lines) });
  for (const [at, hash] of hashes.entries()) {
    if (hash === 0) continue;
    const first = index.first.get(hash);
    if (first === undefined && index.first.size >= index.limit) continue;
    const place = { path, at, line: lines[at] ?? 0 };
    if (first === undefined || path < first.path) index.first.set(hash, place);
  }
}

/** The blocks of a remembered file that stand at an earlier place: further up, or in a file that sorts before it. */
export function findCopies(index: BlockIndex, path: string): Copy[] {
  const windows = index.files.get(path);
  if (windows === undefined) return [];
  const { hashes, lines } = windows;
  const copies: Copy[] = [];
  let at = 0;
  while (at < hashes.length) {
    const first = earlierPlace(index, path, hashes, at);
    const length = first === undefined ? 0 : runLength(index, path, hashes, at, first);
    const line = lines[at] ?? 0;
    if (first !== undefined) copies.push({ line, lines: length + WINDOW - 1, of: pick(first) });
    // The next block may begin only after this one, so that no line is told twice.
    at += length === 0 ? 1 : length + WINDOW - 1;
  }
  return copies;
}

function earlierPlace(
  index: BlockIndex,
  path: string,
  hashes: Float64Array,
  at: number,
): Place | undefined {
  const first = index.first.get(hashes[at] ?? 0);
  if (first === undefined) return undefined;
  // A window that overlaps its own first place is a run of equal lines, not a copy.
  const earlier = first.path === path ? first.at + WINDOW <= at : first.path < path;
  return earlier ? first : undefined;
}

/** How many windows from `at` on go along with those from `first` on. */
function runLength(
  index: BlockIndex,
  path: string,
  hashes: Float64Array,
  at: number,
  first: Place,
): number {
  let length = 1;
  for (; at + length < hashes.length; length++) {
    const next = earlierPlace(index, path, hashes, at + length);
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
