import { failure, MeshError, quote } from "@agentmesh/proto";
import type { DrainWorkerRequest, DrainWorkerResponse } from "@agentmesh/proto/agentmesh/v1";
import type { Dispatcher } from "../delivery/dispatcher.ts";
import type { Sessions } from "../gateway/sessions.ts";

/**
 * Moves the agents off one worker. Resolves when the last one has gone, or the worker itself has.
 * @throws MeshError `NOT_FOUND` when the namespace has no such session.
 */
export async function drainWorker(
  parts: { readonly sessions: Sessions; readonly dispatcher: Dispatcher },
  namespace: string,
  { sessionId }: DrainWorkerRequest,
): Promise<DrainWorkerResponse> {
  for (const { session } of parts.sessions.all()) {
    if (session.identity.sessionId !== sessionId || session.namespace.name !== namespace) continue;
    await new Promise<void>((resolve) => parts.dispatcher.drainWorker(session.worker, resolve));
    return {};
  }
  const text = `there is no session ${quote(sessionId)} in namespace ${quote(namespace)}`;
  throw new MeshError(failure("NOT_FOUND", text));
}
