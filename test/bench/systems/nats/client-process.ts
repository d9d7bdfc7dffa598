/** The client on NATS: `client-process <server>`. */
import { readyMadePayload, serveClient } from "../../load/client-driver.ts";
import { roundRobin } from "../../load/round-robin.ts";
import { textArgument } from "../../process/arguments.ts";
import { type EventName, KEY_COUNT, SPREAD_WORKERS } from "../../scenario.ts";
import { connectNats } from "./nats-link.ts";
import { ACKED_SUBJECT, eventSubject, sendSubject, spreadSubject } from "./subjects.ts";

/** The limit that our sends have by default, too. */
const REQUEST = { timeout: 30_000 };

const nats = await connectNats(textArgument(0), "bench-client");
const payload = readyMadePayload();
const subject = roundRobin(Array.from({ length: KEY_COUNT }, (_, key) => sendSubject(key)));

const spread = roundRobin(
  Array.from({ length: SPREAD_WORKERS }, (_, worker) => spreadSubject(worker)),
);

await serveClient({
  calls: {
    spread: (turn) => nats.request(spread(turn), payload, REQUEST),
    send: (turn) => nats.request(subject(turn), payload, REQUEST),
    "acked-event": () => nats.request(ACKED_SUBJECT, payload, REQUEST),
  },
  events: { "event-1": publisher("event-1"), "event-10": publisher("event-10") },
});

function publisher(event: EventName): () => undefined {
  const subject = eventSubject(event);
  return () => {
    nats.publish(subject, payload);
    return undefined;
  };
}
