/** A link that takes its time: `delay-process <target> <milliseconds each way>`. */
import { numberArgument, textArgument } from "./arguments.ts";
import { startForwarder } from "./forwarder.ts";
import { reportReady } from "./report-to-bench.ts";

const { port } = await startForwarder(textArgument(0), numberArgument(1));
reportReady(port);
