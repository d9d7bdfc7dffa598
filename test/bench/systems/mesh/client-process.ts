/** The client on AgentMesh: `client-process <host>`. It is a worker without agents. */
import { connectWorker } from "@agentmesh/worker-sdk";
import { readyMadePayload, serveClient } from "../../load/client-driver.ts";
import { roundRobin } from "../../load/round-robin.ts";
import { textArgument } from "../../process/arguments.ts";
import type { EventName } from "../../scenario.ts";
import { ECHO_IDS, Echo, eventTopic, Happened, TypedEcho } from "./bench-agents.ts";
import { typedPayload } from "./typed-note.ts";

const mesh = await connectWorker({ host: textArgument(0), name: "bench-client" });
const payload = readyMadePayload();
const note = typedPayload();
const target = roundRobin(ECHO_IDS);

await serveClient({
  calls: {
    send: (turn) => mesh.send(target(turn), Echo(payload)),
    "send-typed": (turn) => mesh.send(target(turn), TypedEcho(note)),
  },
  events: { "event-1": publisher("event-1"), "event-10": publisher("event-10") },
});

function publisher(event: EventName): () => Promise<void> {
  const topic = eventTopic(event);
  return () => mesh.publish(topic, Happened(payload));
}
