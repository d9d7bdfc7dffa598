import { invalid, quote } from "@agentmesh/proto";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

/** Entries that a page may have, as a request asks for it: 0 means 100, the most is 1 000. */
export function limitOf(limit: number): number {
  return limit === 0 ? DEFAULT_LIMIT : Math.min(limit, MAX_LIMIT);
}

/** Entries in the order of their names, and where the next page starts; empty on the last. */
export interface NamedPage<Entry> {
  readonly entries: readonly Entry[];
  readonly nextCursor: string;
}

/**
 * A page of entries that are few enough to be sorted for it. The cursor is the name of the last one shown, so that
 * entries may come and go between two pages.
 */
export function pageByName<Entry>(
  all: Iterable<Entry>,
  nameOf: (entry: Entry) => string,
  { cursor, limit }: { readonly cursor: string; readonly limit: number },
): NamedPage<Entry> {
  const most = limitOf(limit);
  const rest = [...all]
    .filter((entry) => nameOf(entry) > cursor)
    .sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
  const entries = rest.slice(0, most);
  const last = entries.at(-1);
  const nextCursor = rest.length > most && last !== undefined ? nameOf(last) : "";
  return { entries, nextCursor };
}

/** A cursor that is a number. @throws MeshError `INVALID_ARGUMENT` when it is none. */
export function numberCursor(cursor: string): number {
  if (cursor === "") return 0;
  if (/^[1-9]\d{0,15}$/.test(cursor)) return Number(cursor);
  throw invalid(`cursor ${quote(cursor)} is none of this list's`);
}
