/** The consumer on JetStream, which acknowledges each message: `worker-process <server> <tally port>`. */
import { AckPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { createTallyWriter } from "../../load/tally.ts";
import { numberArgument, textArgument } from "../../process/arguments.ts";
import { reportReady } from "../../process/report-to-bench.ts";
import { connectNats } from "../nats/nats-link.ts";
import { streamOf } from "./streams.ts";

const CONSUMER = "bench";
const STREAM = streamOf("durable-handled");
/** Messages that are asked for ahead; more than are ever under way. */
const AHEAD = 1_000;

const tally = await createTallyWriter(numberArgument(1), 0);
const nats = await connectNats(textArgument(0), "bench-consumer");
const manager = await jetstreamManager(nats);
await manager.consumers.add(STREAM, { durable_name: CONSUMER, ack_policy: AckPolicy.Explicit });
const consumer = await jetstream(nats).consumers.get(STREAM, CONSUMER);
await consumer.consume({
  max_messages: AHEAD,
  callback: (message) => {
    message.ack();
    tally.add();
  },
});
reportReady();
