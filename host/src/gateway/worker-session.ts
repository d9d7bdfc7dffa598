/** A worker's session as administration sees it, whatever protocol the worker speaks. */
import type { Namespace } from "../delivery/namespace.ts";
import type { Worker, WorkerSink } from "../delivery/worker.ts";
import type { Registrations } from "./registrations.ts";

/** Who a worker is. */
export interface WorkerIdentity {
  readonly sessionId: string;
  readonly instanceId: string;
  readonly name: string;
  readonly sdk: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly openedUnixMs: number;
}

export interface WorkerSession {
  readonly identity: WorkerIdentity;
  /** Name of the protocol that the worker speaks. */
  readonly protocol: "agentmesh.v1" | "agents.AgentRpc";
  readonly namespace: Namespace;
  readonly worker: Worker;
  /** Network address of the worker; empty when it has not been connected yet. */
  readonly peer: string;
  /** How it is. */
  readonly phase: "open" | "suspended" | "lapsed" | "ended";
}

/** A session with what it announced. */
export interface WorkerMember {
  readonly session: WorkerSession;
  readonly registrations: Registrations;
}

/** The delivering half of a session. */
export interface SessionSink extends WorkerSink {
  readonly session: WorkerSession;
}

/** The session that a worker is the delivering half of; undefined without a worker. */
export function sessionOf(worker: Worker | undefined): WorkerSession | undefined {
  const sink = worker?.sink;
  return sink !== undefined && isSessionSink(sink) ? sink.session : undefined;
}

function isSessionSink(sink: WorkerSink): sink is SessionSink {
  return "session" in sink;
}
