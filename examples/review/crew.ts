import type { AgentDefinition } from "@agentmesh/worker-sdk";
import { blockIndex } from "./agents/block-index.ts";
import { coordinator } from "./agents/coordinator.ts";
import { hygieneReviewer } from "./agents/hygiene.ts";
import { judge } from "./agents/judge.ts";
import type { Post } from "./agents/reviewer.ts";
import { structureReviewer } from "./agents/structure.ts";

/** What a worker can be started as. */
export const ROLES = ["coordinator", "structure", "hygiene", "judge"] as const;
export type Role = (typeof ROLES)[number];

/** Who works on a mesh: one process each. Two of them share the files of the structure reviewer by their paths. */
export const CREW: readonly { readonly worker: string; readonly role: Role }[] = [
  { worker: "coordinator", role: "coordinator" },
  { worker: "structure-1", role: "structure" },
  { worker: "structure-2", role: "structure" },
  { worker: "hygiene-1", role: "hygiene" },
  { worker: "judge-1", role: "judge" },
];

/** The part of a runtime that takes agents: a worker of a mesh and the local runtime are alike. */
export interface Registrar {
  register<State>(definition: AgentDefinition<State>): Promise<void>;
}

/** Registers the agents of a role. */
export async function enlist(role: Role, runtime: Registrar, post: Post): Promise<void> {
  switch (role) {
    case "coordinator":
      await runtime.register(blockIndex);
      return runtime.register(coordinator);
    case "structure":
      return runtime.register(structureReviewer({ worker: post.worker }));
    case "hygiene":
      return runtime.register(hygieneReviewer(post));
    case "judge":
      return runtime.register(judge);
  }
}
