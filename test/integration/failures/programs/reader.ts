/** Reads some numbers of a stream and then no more, in a process of its own: `reader <task as JSON>`. */
import { connectWorker, parseAgentId } from "@agentmesh/worker-sdk";
import { listen, readTask, tell } from "../../../support/ipc.ts";
import { CountUp } from "./messages.ts";
import type { ReaderTask } from "./protocol.ts";

const { host, target, stream, take } = readTask<ReaderTask>();
const worker = await connectWorker({ host, name: "reader" });
listen(() => undefined);
tell({ kind: "ready" });

const message = CountUp({ name: stream, upTo: Number.MAX_SAFE_INTEGER, fillerCharacters: 256 });
const numbers = worker.stream(parseAgentId(target), message)[Symbol.asyncIterator]();
for (let read = 0; read < take; read++) await numbers.next();
tell({ kind: "taken" });
