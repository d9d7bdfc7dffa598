import { dirname, join } from "node:path/posix";
import type { Finding } from "../findings.ts";
import { placesIn, proseLines } from "./prose.ts";

/** A link of a Markdown file that leads to a place in it, or beside it in its folder. */
export interface Link {
  /** As the file says it. */
  readonly target: string;
  readonly line: number;
  /** Where it leads, from the top of the folder; undefined for a place in the file itself. */
  readonly path: string | undefined;
}

/** With more links than these a file was written by a program. */
const MAX_LINKS = 500;

const CODE = /(`{1,5})[^`]{1,500}\1/g;
// `[text](target "title")`, `[text](<target>)` and `[name]: target`; every repetition is bounded.
const INLINE = /\]\(\s{0,9}(?:<([^<>]{1,500})>|([^\s()<>]{1,500}))/g;
const DEFINITION = /^\s{0,3}\[[^\]^]{1,200}\]:\s{1,9}<?([^\s<>]{1,500})>?/;
// Addresses lead out of the folder, and a path from the root leads wherever the root of a site is.
const ELSEWHERE = /^(?:[a-z][a-z0-9+.-]*:|\/)/i;

/** The links of the Markdown file at `path` whose ends can be looked at. */
export function localLinks(path: string, text: string): Link[] {
  return proseLines(text)
    .flatMap(({ text: prose, line }) => targetsIn(prose).map((target) => ({ target, line })))
    .filter(({ target }) => !ELSEWHERE.test(target))
    .slice(0, MAX_LINKS)
    .map((link) => ({ ...link, path: besideOf(path, link.target) }));
}

/** Finds links that lead nowhere; `missing` are the paths that are not there. */
export function checkLinks(
  text: string,
  links: readonly Link[],
  missing: ReadonlySet<string>,
): Finding[] {
  const places = placesIn(text);
  return links.flatMap(({ target, line, path }): Finding[] => {
    if (path !== undefined && missing.has(path)) {
      const told = `${target} is not there`;
      return [{ check: "broken link", severity: "warn", line, text: told, excess: 1 }];
    }
    if (path !== undefined || places.has(decoded(target.slice(1)).toLowerCase())) return [];
    const told = `no heading is called ${target}`;
    return [{ check: "broken link", severity: "note", line, text: told, excess: 1 }];
  });
}

function targetsIn(line: string): string[] {
  const prose = line.replace(CODE, "");
  const inline = [...prose.matchAll(INLINE)].map((match) => match[1] ?? match[2] ?? "");
  return [...inline, ...(DEFINITION.exec(prose)?.slice(1) ?? [])];
}

function besideOf(path: string, target: string): string | undefined {
  const file = target.replace(/[?#].*$/s, "");
  if (file === "") return undefined;
  return join(dirname(path), decoded(file)).replace(/\/$/, "");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that stands for itself.
    return text;
  }
}
