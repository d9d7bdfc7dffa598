/** A worker that dies of one message, in a process of its own: `fragile <task as JSON>`. */
import { connectWorker, defineAgent } from "@agentmesh/worker-sdk";
import { listen, readTask, tell } from "../../../support/ipc.ts";
import { Gate } from "./gate.ts";
import { Happened } from "./messages.ts";
import { type FragileTask, type Order, SMALL_CHANCE } from "./protocol.ts";

const { host, poison } = readTask<FragileTask>();
const gate = new Gate();
const worker = await connectWorker({ host, name: "fragile", random: SMALL_CHANCE });
const fragile = defineAgent("fragile", {
  handlers: (on) => [
    on(Happened, async ({ sender, sequence }, { self }) => {
      tell({ kind: "held", agent: self.text, sequence });
      await gate.opened;
      if (sender === poison) process.kill(process.pid, "SIGKILL");
      tell({ kind: "heard", agent: self.text, sequence });
    }),
  ],
});
await worker.register(fragile);
listen(({ kind }: Order) => {
  if (kind === "open-gate") gate.open();
});
tell({ kind: "ready" });
