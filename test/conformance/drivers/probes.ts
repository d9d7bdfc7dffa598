import { type AgentRuntime, agentId, closureAgent, defineMessage } from "@agentmesh/worker-sdk";
import { z } from "zod";

const Probe = defineMessage("stage.Probe", z.object({}));

/**
 * Puts an agent of its own on every runtime. What is returned sends from each of them to each: frames keep their order
 * on every part of the way, so that everything that was sent before has come to where it goes.
 */
export async function placeProbes(runtimes: readonly AgentRuntime[]): Promise<() => Promise<void>> {
  const targets = runtimes.map((_, index) => agentId(`stage.probe-${index}`, "probe"));
  for (const [index, runtime] of runtimes.entries()) {
    await runtime.register(closureAgent(`stage.probe-${index}`, Probe, () => {}));
  }
  return async () => {
    for (const runtime of runtimes) {
      await Promise.all(targets.map((target) => runtime.send(target, Probe({}))));
    }
  };
}
