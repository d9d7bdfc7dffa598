import { invalid, quote } from "@agentmesh/proto";

const CURSOR = /^[1-9]\d{0,15}$/;

/** The number of the entry that a cursor stands behind; 0 for the first page. @throws MeshError `INVALID_ARGUMENT`. */
export function readCursor(cursor: string): number {
  if (cursor === "") return 0;
  if (!CURSOR.test(cursor)) throw invalid(`cursor ${quote(cursor)} is none of this store's`);
  return Number(cursor);
}

/** The cursor behind an entry; 0 stands for the end. */
export function writeCursor(number: number): string {
  return number === 0 ? "" : String(number);
}
