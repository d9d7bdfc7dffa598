/** A link that takes its time: `delay-process <target> <milliseconds each way>`. */
import { TcpProxy } from "@agentmesh/worker-sdk/testing";
import { numberArgument, textArgument } from "./arguments.ts";
import { reportReady } from "./report-to-bench.ts";

const link = new TcpProxy(textArgument(0), { delayMs: numberArgument(1) });
await link.accept();
reportReady(Number(link.address.split(":").at(-1)));
