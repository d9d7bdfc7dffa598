import type { Clock } from "@agentmesh/proto";
import type { GetStatusResponse } from "@agentmesh/proto/agentmesh/v1";
import type { Dispatcher } from "../delivery/dispatcher.ts";
import type { Namespace } from "../delivery/namespace.ts";
import type { WorkerMember } from "../gateway/worker-session.ts";
import { type Counters, snapshot } from "../observability/counters.ts";
import type { Store } from "../store/ports.ts";

/** What the state of a host is read from. */
export interface StatusParts {
  readonly clock: Clock;
  readonly hostId: string;
  readonly hostVersion: string;
  /** All workers, of any namespace and protocol. */
  readonly workers: () => Iterable<WorkerMember>;
  readonly dispatcher: Dispatcher;
  readonly store: Store;
  readonly counters: Counters;
  readonly namespaces: () => Iterable<Namespace>;
  readonly isDraining: () => boolean;
}

/** How a host is that has run since `startedAt`, on its clock. */
export async function hostStatus(
  parts: StatusParts,
  startedAt: number,
): Promise<GetStatusResponse> {
  const members = [...parts.workers()];
  let subscriptions = 0;
  for (const namespace of parts.namespaces()) subscriptions += namespace.subscriptions.size;
  const letters = await parts.store.deadLetters.counts();
  const counters = snapshot(parts.counters).set("dead_letters_dropped", letters.dropped);
  return {
    hostId: parts.hostId,
    hostVersion: parts.hostVersion,
    uptimeMs: Math.floor(parts.clock.now() - startedAt),
    draining: parts.isDraining(),
    workersConnected: members.filter(({ session }) => session.phase === "open").length,
    workersSuspended: members.filter(({ session }) => session.phase !== "open").length,
    agentsActive: parts.dispatcher.activeAgents,
    subscriptions,
    inFlight: members.reduce((sum, { session }) => sum + session.worker.inFlight.size, 0),
    queued: parts.dispatcher.queued,
    deadLetters: letters.kept,
    deadLettersReplaying: letters.replaying,
    storedBytes: parts.store.usedBytes(),
    counters: Object.fromEntries(counters),
  };
}
