/**
 * The worker behind the relay: `worker-process <relay address>`. It returns every frame as it
 * came.
 */
import { textArgument } from "../../process/arguments.ts";
import { reportReady } from "../../process/report-to-bench.ts";
import { dialRelay } from "./relay-stream.ts";

await dialRelay(textArgument(0), "worker", (frame, link) => link.push(frame));
reportReady();
