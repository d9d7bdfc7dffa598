import { agentId, connectWorker, defineAgent, defineMessage } from "@agentmesh/worker-sdk";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { hostForTest } from "../../support/host.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { startCaller } from "./mesh.ts";

const Load = defineMessage("test.Load", z.object({ text: z.string() }));
const Lift = defineMessage("test.Lift", z.object({ text: z.string() }), { reply: Load });

const lifter = defineAgent("lifter", {
  handlers: (on) => [on(Lift, ({ text }) => ({ text }))],
});

const BYTES_PER_SECOND = 300_000;
/** A message that takes three seconds, in which neither end can hear a Pong of the other. */
const LOAD = "x".repeat(3 * BYTES_PER_SECOND);

test("a message that takes longer than any silence may last crosses a slow link in both directions, unnoticed", async () => {
  const mesh = await hostForTest({ heartbeatMs: 300, livenessMs: 1_200, leaseMs: 300 });
  const link = await startTcpProxy(mesh.address, { bytesPerSecond: BYTES_PER_SECOND });
  const worker = await connectWorker({ host: link.address });
  onTestFinished(() => worker.close());
  await worker.register(lifter);
  const { worker: caller } = await startCaller({ host: mesh.address });
  const lifted = await caller.send(agentId("lifter", "1"), Lift({ text: LOAD }));
  expect(lifted.text).toHaveLength(LOAD.length);
  expect(link.accepted).toBe(1);
  expect(await mesh.counter("sessions_resumed")).toBe(0);
});
