/** The client of the durable rows on AgentMesh: `durable-client-process <host>`. */
import { connectWorker, topicId } from "@agentmesh/worker-sdk";
import { readyMadePayload, serveClient } from "../../load/client-driver.ts";
import { roundRobin } from "../../load/round-robin.ts";
import { textArgument } from "../../process/arguments.ts";
import { DURABLE_EVENTS, type DurableEvent, KEY_COUNT } from "../../scenario.ts";
import { durableAgentType, durableTopicType, Happened } from "./bench-agents.ts";

const mesh = await connectWorker({ host: textArgument(0), name: "bench-client" });
for (const event of DURABLE_EVENTS) {
  const pattern = { type: durableTopicType(event) };
  await mesh.subscribe(pattern, durableAgentType(event), { durable: { name: event } });
}
const payload = readyMadePayload();

await serveClient({
  calls: { "durable-publish": publisher("durable-kept") },
  events: { "durable-handled": publisher("durable-handled") },
});

function publisher(event: DurableEvent): () => Promise<void> {
  const topics = Array.from({ length: KEY_COUNT }, (_, key) =>
    topicId(durableTopicType(event), `key-${key}`),
  );
  const topic = roundRobin(topics);
  let next = 0;
  return () => mesh.publish(topic(next++), Happened(payload));
}
