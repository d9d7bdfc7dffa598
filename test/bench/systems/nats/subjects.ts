import type { EventName } from "../../scenario.ts";

/** Subject of acknowledged events. */
export const ACKED_SUBJECT = "bench.acked";

/** Subject of the sends to one key: what an agent is to us, a subject is to NATS. */
export function sendSubject(key: number): string {
  return `bench.send.${key}`;
}

/** Subject of events. */
export function eventSubject(event: EventName): string {
  return `bench.${event}`;
}

/** Subject of one of the many clients. */
export function spreadSubject(worker: number): string {
  return `bench.spread.${worker}`;
}
