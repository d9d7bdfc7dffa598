import type { Dirent, Stats } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { wrongUse } from "./complaint.ts";

/** Folders that hold what others wrote or what can be made again. */
const SKIPPED_FOLDERS = new Set(["node_modules", ".git", "dist", "coverage", ".cache"]);
const MAX_FILE_BYTES = 256 * 1024;
/** A path is the key of the agents that deal with the file; this is the longest key that the mesh takes. */
const MAX_PATH_BYTES = 512;
/** What is looked at to tell a binary file: it has a zero byte early on. */
const HEAD_BYTES = 8 * 1024;
/** A folder with more files is taken for the wrong one: these already take a minute. */
const MAX_FILES = 20_000;

/** Why a file is not reviewed. */
export type Reason = "binary" | "larger than 256 KiB" | "unreadable" | "path too long";

/** The files of a folder that can be reviewed. */
export interface Listing {
  /** Absolute path of the folder. */
  readonly folder: string;
  /** Paths within it, with slashes, sorted. */
  readonly paths: readonly string[];
  /** How many files were left out, by reason. */
  readonly leftOut: ReadonlyMap<Reason, number>;
  /** Whether the folder holds more files than are reviewed at once. */
  readonly isCut: boolean;
}

/**
 * Lists the text files of a folder. Links are not followed, so that no file comes twice and none from elsewhere.
 * @throws Complaint when the folder is missing, no folder, or holds nothing to review.
 */
export async function listFiles(folder: string): Promise<Listing> {
  await checkFolder(folder);
  const paths: string[] = [];
  const leftOut = new Map<Reason, number>();
  let isCut = false;
  for await (const path of walk(folder, "")) {
    isCut = paths.length === MAX_FILES;
    if (isCut) break;
    const reason = await reasonToSkip(folder, path);
    if (reason === undefined) paths.push(path);
    else leftOut.set(reason, (leftOut.get(reason) ?? 0) + 1);
  }
  if (paths.length === 0) throw wrongUse(`${folder} holds no text file to review`);
  return { folder, paths: paths.sort(), leftOut, isCut };
}

/** Yields the paths of all files below `within`, always in the same order. */
async function* walk(folder: string, within: string): AsyncGenerator<string> {
  for (const entry of await entriesOf(join(folder, within))) {
    const path = within === "" ? entry.name : `${within}/${entry.name}`;
    if (entry.isFile()) yield path;
    if (entry.isDirectory() && !SKIPPED_FOLDERS.has(entry.name)) yield* walk(folder, path);
  }
}

async function checkFolder(folder: string): Promise<void> {
  let found: Stats;
  try {
    found = await stat(folder);
  } catch {
    // Whatever the system says, the user's remedy is the same.
    throw wrongUse(`there is no folder ${folder}`);
  }
  if (!found.isDirectory()) throw wrongUse(`${folder} is a file; name the folder that it is in`);
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    // A folder that may not be read is one whose files may not be reviewed.
    return [];
  }
}

async function reasonToSkip(folder: string, path: string): Promise<Reason | undefined> {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return "path too long";
  try {
    await using file = await open(join(folder, path));
    const { size } = await file.stat();
    if (size > MAX_FILE_BYTES) return "larger than 256 KiB";
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead).includes(0) ? "binary" : undefined;
  } catch {
    // Gone since it was listed, or not for us to read: either way it is told as left out.
    return "unreadable";
  }
}
