/** A real disk that can be full: a small file system of its own, in a namespace of the host's process. */
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import path from "node:path";
import { AGENTMESH_PATH, TestProcess } from "./processes.ts";
import type { Tool } from "./tools.ts";

/** What making it takes. */
export const OWN_DISK: Tool = {
  program: "unshare",
  args: ["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
  remedy:
    "only Linux has file systems of a process's own, and only where its kernel allows namespaces of users",
};

/** How large it is, and how much of that a file takes which is in the way. */
export interface DiskSize {
  readonly sizeMiB: number;
  readonly ballastMiB: number;
}

/** A host whose data is on a small disk. */
export interface SmallDiskHost {
  readonly host: TestProcess;
  /** `host:port` that it listens on. */
  readonly address: string;
  /** Deletes the file that takes most of the disk. */
  makeRoom(): void;
}

/** Starts a host on a small disk that is mounted at the folder `disk`. */
export async function startOnSmallDisk(
  disk: string,
  { sizeMiB, ballastMiB }: DiskSize,
): Promise<SmallDiskHost> {
  const script = [
    `mount -t tmpfs -o size=${sizeMiB}m tmpfs "${disk}"`,
    `head -c ${ballastMiB * 1024 * 1024} /dev/zero > "${disk}/ballast"`,
    `exec "${process.execPath}" "${AGENTMESH_PATH}" host --listen 127.0.0.1:0 --data "${disk}/data"`,
  ];
  const child = spawn("unshare", ["-rm", "sh", "-ec", script.join("\n")], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const host = new TestProcess("the host on a small disk", child);
  const isReady = (line: string) => line.startsWith("agentmesh host ready on ");
  const line = await host.out.first(isReady, "the host to be ready", { limitMs: 15_000 });
  return {
    host,
    address: line.slice("agentmesh host ready on ".length),
    makeRoom: () => rmSync(path.join("/proc", String(host.pid), "root", disk, "ballast")),
  };
}
