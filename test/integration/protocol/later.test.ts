/** Events that their handlers want later, by `ctx.retryLater`. */
import { LIMITS } from "@agentmesh/proto";
import { FakeClock } from "@agentmesh/proto/testing";
import { expect, test } from "vitest";
import { done, postpone, publish, textOf } from "../../support/frames.ts";
import { hostForTest } from "../../support/host.ts";

async function sceneForTest() {
  const clock = new FakeClock();
  const mesh = await hostForTest({ livenessMs: 1_000_000 }, clock);
  const worker = await mesh.worker(["a"], { subscriptions: ["news -> a"] });
  return { clock, mesh, worker };
}

test("an event comes back after the time as the next attempt, and what is behind it goes on", async () => {
  const { clock, worker } = await sceneForTest();
  const firstAt = clock.unixMs();
  worker.write(publish(1, "news/s", "later"), publish(2, "news/s", "now"));
  const first = await worker.next("event");
  worker.write(...first.targets.map((target) => postpone(target, 1_000, true)));
  const now = await worker.next("event");
  expect(textOf(now.content)).toBe("now");
  worker.write(...now.targets.map((target) => done(target)));
  await worker.barrier();
  clock.advance(999);
  await worker.barrier();
  expect(worker.taken("event")).toEqual([]);
  clock.advance(50);
  const again = await worker.next("event");
  expect(again.id).toBe(first.id);
  expect(again.targets).toMatchObject([{ attempt: 2, firstDeliveredUnixMs: firstAt }]);
});

test("an event that comes back too often is a dead letter", async () => {
  const { clock, mesh, worker } = await sceneForTest();
  worker.write(publish(1, "news/s", "later"));
  for (let attempt = 1; attempt <= LIMITS.laterAttempts; attempt++) {
    const { targets } = await worker.next("event");
    expect(targets).toMatchObject([{ attempt }]);
    worker.write(...targets.map((target) => postpone(target, 1, true)));
    await worker.barrier();
    clock.advance(50);
  }
  expect((await mesh.client.deadLetters()).deadLetters).toMatchObject([
    {
      attempts: LIMITS.laterAttempts,
      error: { text: expect.stringMatching(/asked for it later/) },
    },
  ]);
  expect(worker.taken("event")).toEqual([]);
});
