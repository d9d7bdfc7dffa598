/** Durable events that are delivered more than once: how they are marked, counted, and put off. */
import path from "node:path";
import { FakeClock } from "@agentmesh/proto/testing";
import { expect, test } from "vitest";
import { folderForTest } from "../../support/folder.ts";
import { agentType, done, fail, postpone } from "../../support/frames.ts";
import { hostForTest } from "../../support/host.ts";
import { startHostProcess } from "../../support/processes.ts";
import {
  declarer,
  handle,
  leftBy,
  lettersOf,
  meshForTest,
  nextEvent,
  publishAll,
  reader,
  workerAt,
} from "./durable-mesh.ts";

test("an event that was accepted survives kill -9 of the host, and one that nobody had is no repetition", async () => {
  const data = path.join(folderForTest(), "data");
  const first = await startHostProcess({ data });
  await publishAll(await declarer(first.address), ["one", "two"]);
  await first.kill();
  const second = await startHostProcess({ data });
  const worker = await reader(second.address);
  for (const expected of ["one", "two"]) {
    const { text, target } = await nextEvent(worker);
    expect(text).toBe(expected);
    expect(target).toMatchObject({ durable: true, attempt: 1, redelivered: false });
    worker.write(done(target));
  }
});

test("what a host that was killed had delivered is marked; what came after its workers had left is not", async () => {
  const clock = new FakeClock();
  const first = await hostForTest({ data: path.join(folderForTest(), "data") }, clock);
  const publisher = await declarer(first.address);
  const worker = await reader(first.address);
  await publishAll(publisher, ["one"]);
  await nextEvent(worker);
  await worker.leave();
  await publishAll(publisher, ["two"], "b", 2);
  // The position that says how far events were offered is written.
  clock.advance(1_000);
  await publishAll(publisher, ["three"], "c", 3);
  const next = await reader((await meshForTest(await leftBy(first))).address);
  const marks = new Map<string, boolean>();
  while (marks.size < 3) {
    const { text, target } = await nextEvent(next);
    marks.set(text, target.redelivered || target.attempt > 1);
    next.write(done(target));
  }
  expect(Object.fromEntries(marks)).toEqual({ one: true, two: false, three: false });
});

test("what is delivered right before a kill is marked, however little was written since", async () => {
  const data = path.join(folderForTest(), "data");
  const first = await startHostProcess({ data });
  const publisher = await declarer(first.address);
  const worker = await reader(first.address);
  for (let sequence = 1; sequence <= 20; sequence++) {
    await publishAll(publisher, [`${sequence}`], `${sequence}`, sequence);
    await nextEvent(worker);
  }
  await first.kill();
  const next = await reader((await startHostProcess({ data })).address);
  for (let count = 0; count < 20; count++) {
    const { target } = await nextEvent(next);
    expect(target).toMatchObject({ redelivered: true });
    next.write(done(target));
  }
});

test("a host that is stopped tells the next one exactly what it had delivered, and since when", async () => {
  const folder = folderForTest();
  const first = await meshForTest(folder);
  const publisher = await declarer(first.address);
  const worker = await workerAt(first.address, {
    hello: { agentTypes: [agentType("reader", { agentWindow: 1 })] },
  });
  const before = Date.now();
  await publishAll(publisher, ["one", "two"]);
  await nextEvent(worker);
  await first.close();
  const next = await reader((await meshForTest(folder)).address);
  const one = await nextEvent(next);
  expect(one).toMatchObject({ text: "one", target: { attempt: 2, redelivered: false } });
  expect(one.target.firstDeliveredUnixMs).toBeGreaterThanOrEqual(before);
  expect(one.target.firstDeliveredUnixMs).toBeLessThanOrEqual(Date.now());
  expect(await nextEvent(next)).toMatchObject({
    text: "two",
    target: { attempt: 1, redelivered: false, firstDeliveredUnixMs: 0 },
  });
});

test("an event that its handler wants later gives up its place, waits over a restart, and comes back as the next attempt", async () => {
  const clock = new FakeClock();
  const options = { data: path.join(folderForTest(), "data"), settleMs: 0, livenessMs: 1_000_000 };
  const first = await hostForTest(options, clock);
  const publisher = await declarer(first.address);
  const worker = await reader(first.address);
  await publishAll(publisher, ["one", "two"]);
  const [one, two] = [await nextEvent(worker), await nextEvent(worker)];
  worker.write(postpone(one.target, 60_000, true), done(two.target));
  await publishAll(publisher, ["three"], "a", 3);
  expect(await handle(worker, 1)).toEqual(["three"]);
  await worker.barrier();
  await first.close();
  clock.advance(59_000);
  const second = await hostForTest(options, clock);
  const next = await reader(second.address);
  await publishAll(await declarer(second.address), ["four"], "a", 4);
  expect(await handle(next, 1)).toEqual(["four"]);
  clock.advance(1_000);
  expect(await nextEvent(next)).toMatchObject({ text: "one", target: { attempt: 2 } });
});

test("an event that its handler wants later too often is a dead letter", async () => {
  const { address } = await meshForTest();
  const publisher = await declarer(address, { maxAttempts: 3 });
  const worker = await reader(address);
  await publishAll(publisher, ["later"]);
  for (let attempt = 1; attempt <= 3; attempt++) {
    const { target } = await nextEvent(worker);
    expect(target.attempt).toBe(attempt);
    worker.write(postpone(target, 1, true));
  }
  expect(await lettersOf(address, 1)).toMatchObject([
    { attempts: 3, error: { text: expect.stringMatching(/asked for it later, 3 attempts/) } },
  ]);
});

test("failed attempts are counted over a restart of the host", async () => {
  const folder = folderForTest();
  const first = await meshForTest(folder);
  const publisher = await declarer(first.address, { backoffMs: 1, maxAttempts: 2 });
  const worker = await reader(first.address);
  await publishAll(publisher, ["bad"]);
  worker.write(fail((await nextEvent(worker)).target, "HANDLER_FAILED", "first"));
  expect((await nextEvent(worker)).target.attempt).toBe(2);
  await first.close();
  const second = await meshForTest(folder);
  const next = await reader(second.address);
  const again = await nextEvent(next);
  expect(again.target.attempt).toBe(3);
  next.write(fail(again.target, "HANDLER_FAILED", "last"));
  expect(await lettersOf(second.address, 1)).toMatchObject([{ error: { text: "last" } }]);
});
