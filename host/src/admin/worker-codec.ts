import { type Worker as WorkerMessage, WorkerPhase } from "@agentmesh/proto/agentmesh/v1";
import type { WorkerMember, WorkerSession } from "../gateway/worker-session.ts";

/** A session as people see it. */
export function workerMessage({ session, registrations }: WorkerMember): WorkerMessage {
  const { identity, worker } = session;
  return {
    sessionId: identity.sessionId,
    name: identity.name,
    instanceId: identity.instanceId,
    peer: session.peer,
    phase: phaseOf(session),
    agentTypes: registrations.typeNames,
    agentsActive: worker.activeAgents,
    inFlight: worker.inFlight.size,
    sdk: identity.sdk,
    connectedUnixMs: identity.openedUnixMs,
    labels: { ...identity.labels },
    protocol: session.protocol,
  };
}

function phaseOf(session: WorkerSession): WorkerPhase {
  switch (session.phase) {
    case "open":
      return session.worker.isDraining ? WorkerPhase.DRAINING : WorkerPhase.OPEN;
    case "suspended":
      return WorkerPhase.SUSPENDED;
    default:
      return WorkerPhase.LAPSED;
  }
}
