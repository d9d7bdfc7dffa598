import { FakeClock } from "@agentmesh/proto/testing";
import { expect, test } from "vitest";
import { reply } from "../../support/frames.ts";
import { hostForTest } from "../../support/host.ts";
import { within } from "../../support/waiting.ts";

test("a host that drains waits for a worker whose stream is broken, and for calls of clients that wait for it", async () => {
  const clock = new FakeClock();
  const mesh = await hostForTest({}, clock);
  const worker = await mesh.worker(["slow"]);
  const asked = worker.ask("slow/one", "");
  const first = await worker.next("deliver");
  await worker.cut();
  await mesh.untilStatus(({ workersSuspended }) => workersSuspended === 1, "the broken stream");
  const call = mesh.client.send("slow/two", "");
  await mesh.untilStatus(({ queued }) => queued === 1, "the call to wait");
  const drained = mesh.host.drain({ graceMs: 60_000 });
  expect((await worker.resume()).resumed).toBe(true);
  worker.write(reply(first, "one"), reply(await worker.next("deliver"), "two"));
  expect((await asked).kind).toBe("reply");
  expect((await call.outcome).kind).toBe("ok");
  await worker.settleUp();
  clock.advance(20);
  await drained;
});

test("a host that drains does not wait for the next acknowledgement of a worker that has nothing to do", async () => {
  const mesh = await hostForTest({ heartbeatMs: 60_000, livenessMs: 120_000 });
  await mesh.worker(["a"]);
  await within(mesh.host.drain({ graceMs: 60_000 }), () => "the end of the drain");
});

test("a host that drains spreads its workers over the other addresses of the mesh", async () => {
  const alternateAddresses = ["one.example:1", "two.example:2"];
  const mesh = await hostForTest({ alternateAddresses });
  const workers = [await mesh.worker(), await mesh.worker(), await mesh.worker()];
  void mesh.host.drain();
  const drains = await Promise.all(workers.map((worker) => worker.nextControl("drain")));
  expect(drains.map(({ address }) => address).toSorted()).toEqual([
    "one.example:1",
    "one.example:1",
    "two.example:2",
  ]);
});
