import { agentId, connectWorker, defineAgent, defineMessage } from "@agentmesh/worker-sdk";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { hostForTest } from "../../support/host.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { startCaller } from "./mesh.ts";

const Note = defineMessage("test.Note", z.object({ text: z.string() }), {
  reply: defineMessage("test.Notes", z.object({ texts: z.array(z.string()) })),
});

test("a send whose deadline passed while the link was down does not start when the link is back", async () => {
  const mesh = await hostForTest({ leaseMs: 25_000 });
  const link = await startTcpProxy(mesh.address);
  const texts: string[] = [];
  const worker = await connectWorker({ host: link.address });
  onTestFinished(() => worker.close());
  await worker.register(
    defineAgent("notebook", {
      handlers: (on) => [
        on(Note, ({ text }) => {
          texts.push(text);
          return { texts };
        }),
      ],
    }),
  );
  const { worker: caller } = await startCaller({ host: mesh.address });
  link.stall();
  const late = caller.send(agentId("notebook", "1"), Note({ text: "late" }), { timeoutMs: 300 });
  await expect(late).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  link.cut("reset");
  link.resume();
  const { texts: noted } = await caller.send(agentId("notebook", "1"), Note({ text: "in time" }));
  expect(noted).toEqual(["in time"]);
  expect(await mesh.counter("sessions_resumed")).toBe(1);
});
