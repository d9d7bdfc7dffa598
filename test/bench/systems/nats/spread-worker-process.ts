/** Many clients in one process: `spread-worker-process <server> <first> <count>`. */
import { numberArgument, textArgument } from "../../process/arguments.ts";
import { reportReady } from "../../process/report-to-bench.ts";
import { connectNats } from "./nats-link.ts";
import { spreadSubject } from "./subjects.ts";

const first = numberArgument(1);
for (let index = first; index < first + numberArgument(2); index++) {
  const nats = await connectNats(textArgument(0), `bench-spread-${index}`);
  nats.subscribe(spreadSubject(index), {
    callback: (_error, message) => void message.respond(message.data),
  });
  await nats.flush();
}
reportReady();
