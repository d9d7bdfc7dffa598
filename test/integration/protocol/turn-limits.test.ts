import { ERROR_TABLE } from "@agentmesh/proto";
import { FakeClock } from "@agentmesh/proto/testing";
import { expect, test } from "vitest";
import { agentType, reply, send, textOf, turnEnd } from "../../support/frames.ts";
import { hostForTest } from "../../support/host.ts";

const TURN_MS = 5_000;
const GRACE_MS = 20_000;
/** How much later than asked the host may notice. */
const LATE_MS = 2_000;

/** A worker that does not watch its turns, and a host on which nothing else runs out. */
async function careless(maxTurnMs = TURN_MS, options = {}) {
  const clock = new FakeClock();
  const mesh = await hostForTest(
    { heartbeatMs: 1_000_000, livenessMs: 2_000_000, timeoutMs: 3_000_000, ...options },
    clock,
  );
  const worker = await mesh.worker([], { hello: { agentTypes: [agentType("a", { maxTurnMs })] } });
  return { clock, mesh, worker };
}

test("a turn that takes too long is told to stop, then abandoned: a dead letter, and a new activation for what comes", async () => {
  const { clock, mesh, worker } = await careless();
  worker.write(send(1, "a/1", "stuck"), send(2, "a/1", "behind"));
  const [stuck] = [await worker.next("deliver"), await worker.next("deliver")];
  clock.advance(TURN_MS - 1);
  await worker.barrier();
  expect(worker.taken("cancel-delivery")).toEqual([]);
  clock.advance(1 + LATE_MS);
  expect(await worker.next("cancel-delivery")).toMatchObject({
    delivery: stuck.delivery,
    reason: ERROR_TABLE.TURN_ABANDONED.number,
  });
  clock.advance(GRACE_MS - LATE_MS);
  await worker.barrier();
  expect(worker.taken("result")).toEqual([]);
  clock.advance(2 * LATE_MS);
  expect(await worker.result(1)).toMatchObject({
    failure: { code: "TURN_ABANDONED", outcome: "unknown", retryable: false },
  });
  expect(await worker.result(2)).toMatchObject({
    failure: { code: "ACTIVATION_STALE", outcome: "unknown", retryable: false },
  });
  expect(await worker.nextControl("deactivate")).toEqual({ activations: [stuck.activation] });
  expect((await mesh.client.deadLetters()).deadLetters).toMatchObject([
    { id: stuck.id, error: { code: ERROR_TABLE.TURN_ABANDONED.number } },
  ]);
  worker.write(reply(stuck, "at last"), send(3, "a/1", "anew"));
  const anew = await worker.next("deliver");
  expect(textOf(anew.content)).toBe("anew");
  expect(anew.activation).toBeGreaterThan(stuck.activation);
  worker.write(turnEnd(anew));
  expect(await worker.result(3)).toEqual({ kind: "done" });
});

test("the limit is the host's for an agent type that names none", async () => {
  const { clock, worker } = await careless(0, { maxTurnMs: 60_000 });
  worker.write(send(1, "a/1", ""));
  const { delivery } = await worker.next("deliver");
  clock.advance(60_000 + LATE_MS);
  expect(await worker.next("cancel-delivery")).toMatchObject({ delivery });
});

test("what waits behind other turns in its worker has not begun: its time does not run", async () => {
  const { clock, worker } = await careless();
  worker.write(send(1, "a/1", ""), send(2, "a/1", ""), send(3, "a/1", ""));
  for (const request of [1, 2, 3]) {
    const deliver = await worker.next("deliver");
    clock.advance(TURN_MS - 1_000);
    worker.write(turnEnd(deliver));
    await worker.result(request);
  }
  expect(worker.taken("cancel-delivery")).toEqual([]);
});

test("a turn that ends when it is told to costs its agent nothing", async () => {
  const { clock, worker } = await careless();
  worker.write(send(1, "a/1", ""));
  const first = await worker.next("deliver");
  clock.advance(TURN_MS + LATE_MS);
  await worker.next("cancel-delivery");
  worker.write(turnEnd(first), send(2, "a/1", ""));
  const second = await worker.next("deliver");
  expect(second.activation).toBe(first.activation);
  clock.advance(TURN_MS - 1_000);
  await worker.barrier();
  expect(worker.taken("control")).toEqual([]);
  worker.write(turnEnd(second));
  expect(await worker.result(2)).toEqual({ kind: "done" });
});

test("on the next worker, a turn has its whole time again", async () => {
  const { clock, mesh, worker } = await careless(TURN_MS, { leaseMs: 1_000 });
  const caller = await mesh.worker();
  caller.write(send(1, "a/1", "stuck"));
  await worker.next("deliver");
  clock.advance(TURN_MS + LATE_MS);
  await worker.next("cancel-delivery");
  const next = await mesh.worker([], {
    hello: { agentTypes: [agentType("a", { maxTurnMs: TURN_MS })] },
  });
  await worker.cut();
  await mesh.untilStatus(({ workersSuspended }) => workersSuspended === 1, "a broken stream");
  clock.advance(1_000);
  expect(await caller.result(1)).toMatchObject({ failure: { code: "WORKER_LOST" } });
  caller.write(send(2, "a/1", "healthy"));
  const healthy = await next.next("deliver");
  // What is left of the time that the first turn was granted to stop would be over.
  for (let passed = 0; passed < TURN_MS - 1_000; passed += 1_000) clock.advance(1_000);
  clock.advance(GRACE_MS - TURN_MS);
  await next.barrier();
  expect(caller.taken("result")).toEqual([]);
  next.write(turnEnd(healthy));
  expect(await caller.result(2)).toEqual({ kind: "done" });
});
