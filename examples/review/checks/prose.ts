/** A line of a Markdown file that is no code. */
export interface ProseLine {
  readonly text: string;
  /** Its number, from 1. */
  readonly line: number;
}

const FENCE = /^\s{0,3}(`{3,}|~{3,})/;
const HEADING = /^\s{0,3}#{1,6}\s+(.+?)\s*#*$/;
const UNDERLINE = /^\s{0,3}(?:=+|-+)\s*$/;
const LINK = /!?\[([^\]]{0,500})\]\([^)]{0,500}\)/g;
const ANCHOR = /\b(?:id|name)=["']([^"']{1,200})["']|\{#([\w-]{1,200})\}/g;

/** The lines of a Markdown file outside of its blocks of code. */
export function proseLines(text: string): ProseLine[] {
  let fence = "";
  return text.split("\n").flatMap((line, at): ProseLine[] => {
    const mark = FENCE.exec(line)?.[1] ?? "";
    const isCode = fence !== "" || mark !== "";
    if (fence === "") fence = mark;
    else if (mark.startsWith(fence)) fence = "";
    return isCode ? [] : [{ text: line, line: at + 1 }];
  });
}

/** Where a link can lead within a file: its headings, named as code hosts name them, and anchors of its own. */
export function placesIn(text: string): ReadonlySet<string> {
  const places = new Set(["top"]);
  const seen = new Map<string, number>();
  for (const heading of headingsOf(proseLines(text))) {
    const name = placeName(heading);
    const times = seen.get(name) ?? 0;
    seen.set(name, times + 1);
    places.add(times === 0 ? name : `${name}-${times}`);
  }
  for (const [, id, own] of text.matchAll(ANCHOR)) places.add((id ?? own ?? "").toLowerCase());
  return places;
}

function headingsOf(lines: readonly ProseLine[]): string[] {
  return lines.flatMap(({ text }, at) => {
    const isUnderlined = UNDERLINE.test(lines[at + 1]?.text ?? "");
    return HEADING.exec(text)?.[1] ?? (isUnderlined ? text.trim() : []);
  });
}

function placeName(heading: string): string {
  const shown = heading.replace(LINK, "$1").toLowerCase();
  return shown
    .replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, "")
    .trim()
    .replace(/\s/g, "-");
}
