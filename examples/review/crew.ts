import type { AgentDefinition } from "@agentmesh/worker-sdk";
import { blockIndex } from "./agents/block-index.ts";
import { catalogue } from "./agents/catalogue.ts";
import { coordinator } from "./agents/coordinator.ts";
import { documentationReviewer } from "./agents/documentation.ts";
import { hygieneReviewer } from "./agents/hygiene.ts";
import { judge } from "./agents/judge.ts";
import { structureReviewer } from "./agents/structure.ts";
import { timekeeper } from "./agents/timekeeper.ts";
import { createTimesheet, type Stopwatch } from "./timesheet.ts";

/** What a worker can be started as. */
export const ROLES = ["coordinator", "reviewer", "judge"] as const;
export type Role = (typeof ROLES)[number];

/** One worker of a mesh: a process of its own. */
export interface Member {
  readonly worker: string;
  readonly role: Role;
}

/** Who works on a mesh. Every reviewer worker runs all types of reviewers; the mesh spreads the files over them. */
export function crewOf(reviewers: number): readonly Member[] {
  const numbers = Array.from({ length: reviewers }, (_, at) => at + 1);
  return [
    { worker: "coordinator", role: "coordinator" },
    ...numbers.map((number): Member => ({ worker: `reviewer-${number}`, role: "reviewer" })),
    { worker: "judge", role: "judge" },
  ];
}

/** The part of a runtime that takes agents: a worker of a mesh and the local runtime are alike. */
export interface Registrar {
  register<State>(definition: AgentDefinition<State>): Promise<void>;
}

/** Where agents are enlisted. */
export interface Place {
  /** Name of the worker. */
  readonly worker: string;
  /** Path of the file on which one type of reviewer breaks, to show what a failure does and does not do. */
  readonly breaksOn: string | undefined;
}

/** Registers the agents of some roles, and the one that tells what they have done. */
export async function enlist(
  roles: readonly Role[],
  runtime: Registrar,
  { worker, breaksOn }: Place,
): Promise<void> {
  const timesheet = createTimesheet();
  const add = <State>(define: (stopwatch: Stopwatch) => AgentDefinition<State>): Promise<void> =>
    runtime.register(timesheet.keep(define));

  for (const role of roles) {
    switch (role) {
      case "coordinator":
        await add(blockIndex);
        await add(catalogue);
        await add(coordinator);
        break;
      case "reviewer":
        await add((stopwatch) => structureReviewer({ worker, stopwatch }));
        await add((stopwatch) => hygieneReviewer({ worker, stopwatch, breaksOn }));
        await add((stopwatch) => documentationReviewer({ worker, stopwatch }));
        break;
      case "judge":
        await add(judge);
        break;
    }
  }
  await runtime.register(timekeeper(worker, timesheet));
}
