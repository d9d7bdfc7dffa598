/** A worker whose agents keep totals, in a process of its own: `keeper <task as JSON>`. */
import { connectWorker, defineAgent } from "@agentmesh/worker-sdk";
import { z } from "zod";
import { Add, type KeeperNotice, type KeeperTask } from "./protocol.ts";

const { host, saved }: KeeperTask = JSON.parse(process.argv[2] ?? "{}");

const account = defineAgent("account", {
  state: { schema: z.object({ total: z.number() }), initial: () => ({ total: 0 }) },
  handlers: (on) => [
    on(Add, ({ amount }, { state }) => {
      state.total += amount;
      return { total: state.total };
    }),
  ],
});

function tell(notice: KeeperNotice): void {
  process.send?.(notice);
}

async function save(): Promise<void> {
  tell({ kind: "saved", text: JSON.stringify(await worker.saveState()) });
}

const worker = await connectWorker({ host });
await worker.register(account);
if (saved !== "") await worker.loadState(JSON.parse(saved));
process.on("message", () => void save());
process.once("disconnect", () => process.exit(1));
tell({ kind: "ready" });
