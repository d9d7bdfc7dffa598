/** The side of a started process: telling the bench, and not outliving it. */
import type { Notice } from "./protocol.ts";

/** Tells the bench. */
export function tellBench(notice: Notice): void {
  process.send?.(notice);
}

/** Tells the bench that this process is up, and from now on ends with it. */
export function reportReady(port = 0): void {
  process.once("disconnect", () => process.exit(0));
  // Ctrl-C reaches the whole terminal group; the bench ends its processes itself, in order.
  process.on("SIGINT", () => {});
  tellBench({ kind: "ready", port });
}
