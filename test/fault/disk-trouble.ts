/**
 * A disk that misbehaves, for one file of a process that runs: strace steps between the process and the system, and
 * answers its calls with errors, or late. When it lets go, the disk is sound again.
 */
import { spawn } from "node:child_process";
import { TestProcess } from "../support/processes.ts";

/** What may be wrong with a disk. */
export type Trouble = "slow" | "failing" | "read-only";

/** What strace does for each: to which calls, and what. */
const INJECTIONS: Readonly<Record<Trouble, string>> = {
  slow: "fsync,fdatasync:delay_exit=100000",
  failing: "fsync,fdatasync,pwrite64:error=EIO",
  "read-only": "pwrite64,ftruncate:error=EROFS",
};

const START_MS = 15_000;

/** Something that is wrong with a disk. */
export interface RunningTrouble {
  /** Puts it right. */
  end(): Promise<void>;
}

/** Lets calls that reach `file` go wrong in the process `pid`, from now on. */
export async function startTrouble(
  pid: number,
  file: string,
  trouble: Trouble,
): Promise<RunningTrouble> {
  const injection = INJECTIONS[trouble];
  const [calls = ""] = injection.split(":");
  const args = [
    "-f",
    "-p",
    `${pid}`,
    "-P",
    file,
    "-e",
    `trace=${calls}`,
    "-e",
    `inject=${injection}`,
  ];
  const child = spawn("strace", [...args, "-o", "/dev/null"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const strace = new TestProcess("strace", child);
  const isAttached = (line: string) => line.includes(" attached");
  await strace.err.first(isAttached, "strace to attach", { limitMs: START_MS });
  return {
    async end() {
      strace.signal("SIGTERM");
      await strace.ended;
    },
  };
}
