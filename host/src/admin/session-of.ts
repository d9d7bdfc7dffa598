import type { Worker } from "../delivery/worker.ts";
import { Session } from "../gateway/session.ts";

/** The session that a worker is the delivering half of; undefined without a worker. */
export function sessionOf(worker: Worker | undefined): Session | undefined {
  const sink = worker?.sink;
  return sink instanceof Session ? sink : undefined;
}
