import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type AgentDefinition, defineAgent } from "@agentmesh/worker-sdk";
import { CATALOGUE, FindMissing } from "../messages.ts";

/** Knows what is in the folder. Only the coordinator's worker needs to see the disk; reviewers may run anywhere. */
export function catalogue(): AgentDefinition<undefined> {
  return defineAgent(CATALOGUE.type, {
    description: "Knows which files and folders there are",
    handlers: (on) => [
      on(FindMissing, async ({ folder, targets }) => {
        const missing = await Promise.all(
          targets.map(async (target) => ((await exists(folder, target)) ? [] : [target])),
        );
        return { missing: missing.flat() };
      }),
    ],
  });
}

/** Whether a path is there. What lies outside of the folder is nobody's business, so nothing is said against it. */
async function exists(folder: string, target: string): Promise<boolean> {
  if (target === ".." || target.startsWith("../")) return true;
  // Some sites write their links without the extension.
  for (const path of [target, `${target}.md`]) {
    if (await isThere(join(folder, path))) return true;
  }
  return false;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
