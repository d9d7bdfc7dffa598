/** A worker with an oracle, in the process of the test, and the host process that it is connected to. */
import type { HostOptions } from "@agentmesh/host";
import {
  AppError,
  connectWorker,
  defineAgent,
  defineMessage,
  stream,
  type Worker,
} from "@agentmesh/worker-sdk";
import { onTestFinished } from "vitest";
import { z } from "zod";
import { type HostProcess, startHostProcess } from "../../support/processes.ts";

const Answer = defineMessage("demo.Answer", z.object({ text: z.string() }));
const Ask = defineMessage("demo.Ask", z.object({ question: z.string() }), { reply: Answer });
const Tell = defineMessage("demo.Tell", z.object({ words: z.array(z.string()) }), {
  reply: stream(Answer),
});
const Forget = defineMessage("demo.Forget", z.object({}));
const Wait = defineMessage("demo.Wait", z.object({}));
const Headline = defineMessage("demo.Headline", z.object({ text: z.string() }));

const oracle = defineAgent("oracle", {
  subscriptions: ["news"],
  handlers: (on) => [
    on(Ask, async ({ question }, ctx) => {
      if (question === "closed?") throw new AppError("SHUT", "the oracle is closed", { until: 9 });
      return { text: `${ctx.self.key}: ${question} ${ctx.metadata.mood ?? ""}`.trimEnd() };
    }),
    on(Tell, async function* ({ words }) {
      for (const word of words) yield { text: word };
    }),
    on(Forget, async () => {}),
    on(
      Wait,
      (_, ctx) =>
        new Promise((_, reject) => {
          ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason));
        }),
    ),
    on(Headline, async ({ text }) => {
      throw new Error(`cannot read ${text}`);
    }),
  ],
});

/** A host in a process of its own, with an oracle. */
export interface Temple {
  readonly host: HostProcess;
  readonly worker: Worker;
  /** Environment of commands that speak to the host. */
  readonly env: Readonly<Record<string, string>>;
}

/** Starts host and worker; both end with the test. */
export async function startTemple(options: HostOptions = {}): Promise<Temple> {
  const host = await startHostProcess(options);
  const env = {
    AGENTMESH_ADDRESS: host.address,
    ...(options.token !== undefined && { AGENTMESH_TOKEN: options.token }),
  };
  const access = options.token === undefined ? {} : { token: options.token };
  const worker = await connectWorker({ host: host.address, name: "oracle-1", ...access });
  onTestFinished(() => worker.close());
  await worker.register(oracle);
  return { host, worker, env };
}
