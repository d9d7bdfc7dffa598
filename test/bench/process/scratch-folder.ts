import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** A new folder on the disk of this machine, for what a system keeps. It is gone when the bench ends. */
export function scratchFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "agentmesh-bench-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
