/** A program with a local runtime and nothing else that keeps it alive: it asks an agent that never answers. */
import { agentId, createLocalRuntime, defineAgent, MeshError } from "@agentmesh/worker-sdk";
import { Recall } from "./messages.ts";

const runtime = createLocalRuntime({ maxTurnMs: 300, turnGraceMs: 50 });
const hanging = new Promise<never>(() => undefined);
await runtime.register(defineAgent("silent", { handlers: (on) => [on(Recall, () => hanging)] }));
try {
  await runtime.send(agentId("silent", "k"), Recall({}), { timeoutMs: 50 });
} catch (error) {
  console.log(error instanceof MeshError ? error.code : error);
}
// The turn is still there, and is abandoned in the end: then nothing holds the process, open as the runtime is.
await runtime.idle();
console.log(runtime.deadLetters().map(({ failure }) => failure.code));
