/** A first program: one agent, and a send to it over the host that is named. */
import { agentId, closureAgent, connectWorker, defineMessage } from "@agentmesh/worker-sdk";
import { z } from "zod";

const Answer = defineMessage("first.Answer", z.object({ text: z.string() }));
const Ask = defineMessage("first.Ask", z.object({ question: z.string() }), { reply: Answer });

const [, , host = ""] = process.argv;
await using worker = await connectWorker({ host });
await worker.register(closureAgent("oracle", Ask, async ({ question }) => ({ text: question })));
const answer = await worker.send(agentId("oracle", "delphi"), Ask({ question: "why?" }));
const text: string = answer.text;
console.log(text);
