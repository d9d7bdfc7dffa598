import { failure, MeshError, quote } from "@agentmesh/proto";
import type { DrainWorkerRequest, DrainWorkerResponse } from "@agentmesh/proto/agentmesh/v1";
import type { Dispatcher } from "../delivery/dispatcher.ts";
import type { WorkerMember } from "../gateway/worker-session.ts";

/**
 * Moves the agents off one worker. Resolves when the last one has gone, or the worker itself has.
 * @throws MeshError `NOT_FOUND` when the namespace has no such session, `UNIMPLEMENTED` when its worker cannot be asked.
 */
export async function drainWorker(
  parts: { readonly workers: () => Iterable<WorkerMember>; readonly dispatcher: Dispatcher },
  namespace: string,
  { sessionId }: DrainWorkerRequest,
): Promise<DrainWorkerResponse> {
  for (const { session } of parts.workers()) {
    if (session.identity.sessionId !== sessionId || session.namespace.name !== namespace) continue;
    if (session.protocol === "agents.AgentRpc") throw new MeshError(NOT_ASKED);
    await new Promise<void>((resolve) => parts.dispatcher.drainWorker(session.worker, resolve));
    return {};
  }
  const text = `there is no session ${quote(sessionId)} in namespace ${quote(namespace)}`;
  throw new MeshError(failure("NOT_FOUND", text));
}

const NOT_ASKED = failure(
  "UNIMPLEMENTED",
  "a worker of AutoGen cannot be asked to give up its agents: stop it, and they move",
);
