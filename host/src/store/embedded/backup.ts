import { copyFile, mkdir, readdir, rename } from "node:fs/promises";
import path from "node:path";
import { failure, invalid, MeshError, quote } from "@agentmesh/proto";
import type { CommitQueue } from "./commit-queue.ts";
import { FILE_NAME, sync, walOf } from "./files.ts";

/**
 * Copies a store while it is written to. Meanwhile only its log changes: the file is copied beside the work, and the
 * log, as it is then, between two transactions. The copy gets its name when it is complete.
 */
export async function backUp(queue: CommitQueue, folder: string, target: string): Promise<void> {
  await prepare(target);
  const copy = path.join(target, FILE_NAME);
  const part = `${copy}.part`;
  await queue.order({ kind: "hold" });
  let isComplete = false;
  try {
    await copyFile(path.join(folder, FILE_NAME), part);
    sync(part);
    isComplete = true;
  } catch (error) {
    throw unwritable(target, error);
  } finally {
    await queue.order({ kind: "release", to: isComplete ? walOf(copy) : undefined });
  }
  await rename(part, copy);
  sync(target);
}

async function prepare(target: string): Promise<void> {
  let entries: string[];
  try {
    await mkdir(target, { recursive: true });
    entries = await readdir(target);
  } catch (error) {
    throw unwritable(target, error);
  }
  if (entries.length > 0) throw invalid(`a backup needs an empty folder; ${quote(target)} is not`);
}

function unwritable(target: string, error: unknown): MeshError {
  const detail = error instanceof Error ? error.message : String(error);
  const text = `the backup in ${target} failed: ${detail}`;
  return new MeshError(failure("STORE_UNAVAILABLE", text, { retryable: false }), { cause: error });
}
