import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { atTheEnd } from "./ending.ts";

/** An empty folder that is gone when the test ends. */
export function folderForTest(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "agentmesh-"));
  atTheEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
