/** `npm run order -- <customer> <item> <count>` */
import { agentId, connectClient } from "@agentmesh/worker-sdk";
import { Order } from "./messages.ts";

const [customer = "mary", item = "apples", count = "1"] = process.argv.slice(2);

await using client = await connectClient();
const order = Order({ item, count: Number(count) });
const answer = await client.send(agentId("clerk", customer), order, { timeoutMs: 5_000 });
console.log(answer.text);
