/** A worker on NATS: `worker-process <server> <tally port> <worker>`. */
import type { Msg, NatsConnection } from "@nats-io/transport-node";
import { createTallyWriter, type TallyWriter } from "../../load/tally.ts";
import { numberArgument, textArgument } from "../../process/arguments.ts";
import { reportReady } from "../../process/report-to-bench.ts";
import { type EventName, KEY_COUNT, SUBSCRIBERS } from "../../scenario.ts";
import { connectNats } from "./nats-link.ts";
import { ACKED_SUBJECT, eventSubject, sendSubject } from "./subjects.ts";

const FIRST_WORKER = 0;

const worker = numberArgument(2);
const tally = await createTallyWriter(numberArgument(1), worker);
const nats = await connectNats(textArgument(0), `bench-worker-${worker}`);
if (worker === FIRST_WORKER) answer(nats);
listen(nats, "event-1", tally);
listen(nats, "event-10", tally);
await nats.flush();
reportReady();

function answer(nats: NatsConnection): void {
  const echo = (_error: Error | null, message: Msg): void => void message.respond(message.data);
  for (let key = 0; key < KEY_COUNT; key++) nats.subscribe(sendSubject(key), { callback: echo });
  const acknowledge = (_error: Error | null, message: Msg): void => void message.respond();
  nats.subscribe(ACKED_SUBJECT, { callback: acknowledge });
}

function listen(nats: NatsConnection, event: EventName, tally: TallyWriter): void {
  for (let count = SUBSCRIBERS[event][worker] ?? 0; count > 0; count--) {
    nats.subscribe(eventSubject(event), { callback: () => tally.add() });
  }
}
