import { FakeClock } from "@agentmesh/proto/testing";
import { expect, test } from "vitest";
import type { FrameOf } from "../../support/frame-mail.ts";
import { agentType, control, done, publish, subscription, textOf } from "../../support/frames.ts";
import { hostForTest } from "../../support/host.ts";
import type { RawWorker } from "../../support/raw-worker.ts";

const LEASE_MS = 1_500;

/** A worker whose agents take two messages at a time, of all topic types that begin with `n.`. */
const BY_PREFIX = {
  hello: {
    agentTypes: [agentType("a", { agentWindow: 2 })],
    subscriptions: [subscription("s", "n.*", "a")],
  },
};

/** The next event that arrives, its text noted. */
async function noted(worker: RawWorker, order: string[]): Promise<FrameOf<"event">> {
  const event = await worker.next("event");
  order.push(textOf(event.content));
  return event;
}

test("the events of one subscription keep their order over all its topic types, when they wait, come back or move", async () => {
  const clock = new FakeClock();
  const mesh = await hostForTest({ leaseMs: LEASE_MS }, clock);
  const caller = await mesh.worker();
  const worker = await mesh.worker([], BY_PREFIX);
  const numbers = Array.from({ length: 9 }, (_, index) => index + 1);
  caller.write(...numbers.map((n) => publish(n, `n.${n % 2 === 0 ? "even" : "odd"}/s`, `${n}`)));
  await caller.barrier();
  const order: string[] = [];
  const first = await noted(worker, order);
  const second = await worker.next("event");
  const release = second.targets.map(({ delivery }) => delivery);
  worker.write(control({ $case: "release", value: { deliveries: release } }));
  const again = await noted(worker, order);
  worker.write(done(...first.targets, ...again.targets));
  const third = await noted(worker, order);
  await worker.next("event");
  worker.write(done(...third.targets));
  await worker.next("event");
  // The fourth and the fifth are in flight when the worker is lost.
  await worker.cut();
  await mesh.untilStatus(({ workersSuspended }) => workersSuspended === 1, "the broken stream");
  const other = await mesh.worker([], BY_PREFIX);
  clock.advance(LEASE_MS);
  while (order.length < numbers.length) other.write(done(...(await noted(other, order)).targets));
  expect(order).toEqual(numbers.map(String));
});
