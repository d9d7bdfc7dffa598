import { createLocalRuntime } from "@agentmesh/worker-sdk";
import { enlist, ROLES } from "./crew.ts";
import type { ReviewMesh } from "./review.ts";
import { viewer, type Watcher } from "./viewer.ts";

/** What the one worker is called. */
const WORKER = "local";

/** Puts the same agents to work in this process: no host, no sockets, and the same verdicts. */
export async function startLocal(
  watcher: Watcher,
  breaksOn: string | undefined,
): Promise<ReviewMesh> {
  const runtime = createLocalRuntime();
  await runtime.register(viewer(watcher));
  await enlist(ROLES, runtime, { worker: WORKER, breaksOn });
  return {
    messenger: runtime,
    setting: ["all agents run in this process"],
    workers: () => [WORKER],
    // Nothing can end but this process itself.
    broken: new Promise<never>(() => undefined),
    async deadLetters() {
      return runtime.deadLetters().map(({ target, messageType, failure }) => ({
        target: target.toString(),
        messageType,
        code: failure.code,
        text: failure.text,
      }));
    },
    stop: () => runtime.close(),
  };
}
