/** The client on JetStream: `client-process <server>`. */
import { jetstream } from "@nats-io/jetstream";
import { readyMadePayload, serveClient } from "../../load/client-driver.ts";
import { roundRobin } from "../../load/round-robin.ts";
import { textArgument } from "../../process/arguments.ts";
import { type DurableEvent, KEY_COUNT } from "../../scenario.ts";
import { connectNats } from "../nats/nats-link.ts";
import { durableSubject, makeStreams } from "./streams.ts";

/** The limit that our publishes have by default, too. */
const PUBLISH = { timeout: 30_000 };

const nats = await connectNats(textArgument(0), "bench-client");
await makeStreams(nats);
const stream = jetstream(nats);
const payload = readyMadePayload();

await serveClient({
  calls: { "durable-publish": publisher("durable-kept") },
  events: { "durable-handled": publisher("durable-handled") },
});

function publisher(event: DurableEvent): (turn?: number) => Promise<unknown> {
  const subject = roundRobin(
    Array.from({ length: KEY_COUNT }, (_, key) => durableSubject(event, key)),
  );
  let next = 0;
  return () => stream.publish(subject(next++), payload, PUBLISH);
}
