import { type AgentDefinition, type AgentId, agentId, closureAgent } from "@agentmesh/worker-sdk";
import { ReadTimesheet } from "../messages.ts";
import type { Timesheet } from "../timesheet.ts";

/** Tells what the agents of its worker have done. Each worker has a type of its own: so it can be asked for by name. */
export function timekeeper(worker: string, timesheet: Timesheet): AgentDefinition<undefined> {
  const { type } = timekeeperOf(worker);
  return closureAgent(type, ReadTimesheet, () => ({ tallies: timesheet.tallies() }));
}

/** The timekeeper of a worker. */
export function timekeeperOf(worker: string): AgentId {
  return agentId(`timekeeper.${worker}`, "review");
}
