/** The client on AgentMesh: `client-process <host>`. It is a worker without agents. */
import { connectWorker } from "@agentmesh/worker-sdk";
import { readyMadePayload, serveClient } from "../../load/client-driver.ts";
import { roundRobin } from "../../load/round-robin.ts";
import { textArgument } from "../../process/arguments.ts";
import { type EventName, LARGE_BYTES } from "../../scenario.ts";
import {
  Download,
  ECHO_IDS,
  Echo,
  eventTopic,
  Happened,
  LARGE_IDS,
  SPREAD_IDS,
  Tell,
  TypedEcho,
  Upload,
} from "./bench-agents.ts";
import { typedPayload } from "./typed-note.ts";

const mesh = await connectWorker({ host: textArgument(0), name: "bench-client" });
const payload = readyMadePayload();
const large = readyMadePayload(LARGE_BYTES);
const note = typedPayload();
const target = roundRobin(ECHO_IDS);
const spreadTarget = roundRobin(SPREAD_IDS);

await serveClient({
  calls: {
    send: (turn) => mesh.send(target(turn), Echo(payload)),
    "send-typed": (turn) => mesh.send(target(turn), TypedEcho(note)),
    stream: readStream,
    upload: (turn) => mesh.send(target(turn), Upload(large)),
    download: (turn) => mesh.send(target(turn), Download(payload)),
    "upload-10": () => Promise.all(LARGE_IDS.map((id) => mesh.send(id, Upload(large)))),
    spread: (turn) => mesh.send(spreadTarget(turn), Echo(payload)),
  },
  events: {
    "event-1": publisher("event-1", payload),
    "event-10": publisher("event-10", payload),
    "large-10": publisher("large-10", large),
  },
});

async function readStream(turn: number): Promise<void> {
  const chunks = mesh.stream(target(turn), Tell(payload));
  for await (const _chunk of chunks) {
    // Reading is all that is measured.
  }
}

function publisher(event: EventName, bytes: Buffer): () => Promise<void> {
  const topic = eventTopic(event);
  return () => mesh.publish(topic, Happened(bytes));
}
