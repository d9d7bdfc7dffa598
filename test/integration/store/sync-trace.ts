/** Reads what strace wrote of a host: which calls of the system began and ended in which order. */

/** One call. Its times are places in the trace: everything before is smaller. */
interface SystemCall {
  readonly name: string;
  /** What its first descriptor is: the path of a file, or a socket. */
  readonly target: string;
  /** The arguments as strace wrote them, bytes as `\xNN`. */
  readonly text: string;
  readonly began: number;
  ended: number;
}

const BEGIN = /^(\d+) +(\w+)\(\d+<([^>]*)>(.*)$/;
const RESUMED = /^(\d+) +<\.\.\. (\w+) resumed>/;

/** The calls of a trace that `strace -f -y -xx` wrote, in the order in which they began. */
export function readTrace(trace: string): SystemCall[] {
  const calls: SystemCall[] = [];
  /** By thread: a thread is in one call at a time. */
  const open = new Map<string, SystemCall>();
  for (const [place, line] of trace.split("\n").entries()) {
    const resumed = RESUMED.exec(line);
    if (resumed?.[1] !== undefined) {
      const call = open.get(resumed[1]);
      if (call !== undefined) call.ended = place;
      continue;
    }
    const [, thread = "", name = "", target = "", text = ""] = BEGIN.exec(line) ?? [];
    if (name === "") continue;
    const call = { name, target: plain(target), text, began: place, ended: place };
    calls.push(call);
    if (line.endsWith("<unfinished ...>")) {
      call.ended = Number.POSITIVE_INFINITY;
      open.set(thread, call);
    }
  }
  return calls;
}

/** An event of which a test knows how it looks in the log, and how its acceptance looks on the wire. */
export interface Traced {
  readonly record: Buffer;
  readonly acceptance: Buffer;
}

/** What a trace proves of the acceptance of an event. */
export type Finding = "synced" | "accepted-before-sync" | "not-recorded" | "not-accepted";

/** Whether the acceptance left after a sync of the file had ended that began when the record had been written to it. */
export function findingOf(calls: readonly SystemCall[], file: string, event: Traced): Finding {
  const record = hexOf(event.record);
  const acceptance = hexOf(event.acceptance);
  const ofFile = calls.filter(({ target }) => target === file);
  const written = ofFile.find(({ name, text }) => name === "pwrite64" && text.includes(record));
  const accepted = calls.find(
    ({ name, target, text }) =>
      name.startsWith("write") && !target.startsWith("/") && text.includes(acceptance),
  );
  if (written === undefined) return "not-recorded";
  if (accepted === undefined) return "not-accepted";
  const isSynced = ofFile.some(
    ({ name, began, ended }) =>
      name.endsWith("sync") && began > written.ended && ended < accepted.began,
  );
  return isSynced ? "synced" : "accepted-before-sync";
}

/** strace writes paths as it writes other bytes. */
function plain(text: string): string {
  return Buffer.from(text.replaceAll("\\x", ""), "hex").toString();
}

function hexOf(bytes: Buffer): string {
  return Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
}
