import { closeSync, fsyncSync, openSync, statSync } from "node:fs";

/** Name of the file within the data folder. */
export const FILE_NAME = "agentmesh.db";

/** The write-ahead log of a file. */
export function walOf(file: string): string {
  return `${file}-wal`;
}

/** Size in bytes; undefined when there is no such file. */
export function sizeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.size;
}

/** Waits until a file, or the list of a folder, is on the disk. */
export function sync(entry: string): void {
  const descriptor = openSync(entry, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
