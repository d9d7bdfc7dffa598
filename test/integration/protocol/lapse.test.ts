import { FakeClock } from "@agentmesh/proto/testing";
import { describe, expect, test } from "vitest";
import {
  agentType,
  chunk,
  done,
  publish,
  reply,
  send,
  subscription,
  textOf,
} from "../../support/frames.ts";
import { hostForTest, type TestHost } from "../../support/host.ts";

const LEASE_MS = 1_500;
const GRACE_MS = 30_000;

const oneByOne = {
  hello: {
    agentTypes: [agentType("a", { agentWindow: 1 })],
    subscriptions: [subscription("s", "news", "a")],
  },
};

/** A caller and a worker whose agents take one message at a time. */
async function pair(options = {}) {
  const clock = new FakeClock();
  const mesh = await hostForTest(
    { leaseMs: LEASE_MS, sessionGraceMs: GRACE_MS, livenessMs: 100_000, ...options },
    clock,
  );
  const caller = await mesh.worker();
  const worker = await mesh.worker([], oneByOne);
  return { clock, mesh, caller, worker };
}

/** Waits until the host has noticed how many streams are broken. */
async function suspended(mesh: TestHost, count: number): Promise<void> {
  await mesh.untilStatus(
    ({ workersSuspended }) => workersSuspended === count,
    `${count} broken streams`,
  );
}

describe("when the lease of a broken stream runs out,", () => {
  test("sends that were shipped settle as lost, those that were not go to the other worker", async () => {
    const { clock, mesh, caller, worker } = await pair();
    const keys = Array.from({ length: 20 }, (_, n) => `${n}`);
    const shipped = keys.map((key) => caller.ask(`a/${key}`, "shipped"));
    for (const _ of keys) await worker.next("deliver");
    const waiting = keys.map((key) => caller.ask(`a/${key}`, "waiting"));
    await caller.barrier();
    const other = await mesh.worker([], oneByOne);
    await worker.cut();
    await suspended(mesh, 1);
    clock.advance(LEASE_MS - 1);
    await caller.barrier();
    expect(caller.taken("result")).toEqual([]);
    clock.advance(1);
    for (const ending of await Promise.all(shipped)) {
      expect(ending).toMatchObject({
        failure: { code: "WORKER_LOST", outcome: "unknown", retryable: false },
      });
    }
    for (const _ of keys) {
      const deliver = await other.next("deliver");
      expect([textOf(deliver.content), deliver.attempt]).toEqual(["waiting", 1]);
      other.write(reply(deliver, "answered"));
    }
    for (const ending of await Promise.all(waiting)) expect(ending.kind).toBe("reply");
    expect(await mesh.counter("sessions_lapsed")).toBe(1);
  });

  test("a send that came while it was broken was not shipped, and goes to the other worker", async () => {
    const { clock, mesh, caller, worker } = await pair();
    const first = caller.ask("a/1", "");
    worker.write(reply(await worker.next("deliver"), ""));
    await first;
    const other = await mesh.worker([], oneByOne);
    await worker.cut();
    await suspended(mesh, 1);
    const asked = caller.ask("a/1", "meanwhile");
    await caller.barrier();
    clock.advance(LEASE_MS);
    const deliver = await other.next("deliver");
    expect([textOf(deliver.content), deliver.attempt]).toEqual(["meanwhile", 1]);
    other.write(reply(deliver, ""));
    expect((await asked).kind).toBe("reply");
  });

  test("its agents are placed anew only when a message needs them", async () => {
    const { clock, mesh, caller, worker } = await pair();
    const asked = caller.ask("a/1", "");
    const first = await worker.next("deliver");
    worker.write(reply(first, ""));
    await asked;
    const other = await mesh.worker([], oneByOne);
    await worker.cut();
    await suspended(mesh, 1);
    clock.advance(LEASE_MS);
    expect((await mesh.client.status()).agentsActive).toBe(0);
    caller.write(send(1, "a/1", ""));
    const second = await other.next("deliver");
    expect(second.activation).toBeGreaterThan(first.activation);
  });

  test("events that it had are delivered again as a second attempt, before those that waited", async () => {
    const { clock, mesh, caller, worker } = await pair();
    caller.write(publish(1, "news/s", "one"), publish(2, "news/s", "two"));
    const first = await worker.next("event");
    const other = await mesh.worker([], oneByOne);
    await worker.cut();
    await suspended(mesh, 1);
    clock.advance(LEASE_MS);
    const again = await other.next("event");
    expect([again.id, again.targets[0]?.attempt, textOf(again.content)]).toEqual([
      first.id,
      2,
      "one",
    ]);
    other.write(...again.targets.map((target) => done(target)));
    const next = await other.next("event");
    expect([next.targets[0]?.attempt, textOf(next.content)]).toEqual([1, "two"]);
    expect(await mesh.counter("redeliveries")).toBe(1);
  });

  test("streams of replies end as lost", async () => {
    const { clock, mesh, caller, worker } = await pair();
    caller.write(send(1, "a/1", "", { streamChunks: 9, streamBytes: 9_000 }));
    const deliver = await worker.next("deliver");
    worker.write(chunk(deliver, "one"));
    await caller.next("chunk");
    await worker.cut();
    await suspended(mesh, 1);
    clock.advance(LEASE_MS);
    expect(await caller.result(1)).toMatchObject({
      failure: { code: "WORKER_LOST", outcome: "unknown" },
    });
  });

  test("its type stays known: sends wait for it until the grace is over", async () => {
    const { clock, mesh, caller, worker } = await pair();
    await worker.cut();
    await suspended(mesh, 1);
    clock.advance(LEASE_MS);
    caller.write(send(1, "a/1", "", { timeoutMs: 60_000 }), publish(1, "news/s", ""));
    expect((await caller.next("accepted")).sequences).toEqual([1]);
    await caller.barrier();
    expect(caller.taken("result")).toEqual([]);
    clock.advance(GRACE_MS - LEASE_MS);
    expect(await caller.result(1)).toMatchObject({
      failure: { code: "AGENT_TYPE_UNKNOWN", outcome: "not-executed" },
    });
    expect(await mesh.counter("events_dropped")).toBe(1);
    const { workersSuspended, subscriptions, queued } = await mesh.client.status();
    expect([workersSuspended, subscriptions, queued]).toEqual([0, 0, 0]);
  });

  test("a caller keeps its sends: their results wait for it", async () => {
    const { clock, mesh, caller, worker } = await pair();
    caller.write(send(1, "a/1", "", { timeoutMs: 60_000 }));
    const deliver = await worker.next("deliver");
    await caller.cut();
    await suspended(mesh, 1);
    clock.advance(LEASE_MS + 1_000);
    worker.write(reply(deliver, "kept"));
    await worker.barrier();
    await caller.resume();
    const ending = await caller.result(1);
    expect(ending.kind === "reply" && textOf(ending.content)).toBe("kept");
  });
});

describe("a worker that comes back after its lease", () => {
  test("is told up to which activation all have ended, and takes new work at once", async () => {
    const { clock, mesh, caller, worker } = await pair();
    const asked = caller.ask("a/1", "");
    const first = await worker.next("deliver");
    await worker.cut();
    await suspended(mesh, 1);
    clock.advance(LEASE_MS);
    await asked;
    const waiting = caller.ask("a/1", "waiting");
    await caller.barrier();
    const welcome = await worker.resume();
    expect(welcome.resumed).toBe(true);
    expect(welcome.lapsedThrough).toBeGreaterThanOrEqual(first.activation);
    const next = await worker.next("deliver");
    expect(next.activation).toBeGreaterThan(welcome.lapsedThrough);
    worker.write(reply(next, "back"));
    expect(await waiting).toMatchObject({ kind: "reply" });
  });

  test("cannot end what it had: its word is stale", async () => {
    const { clock, mesh, caller, worker } = await pair();
    caller.write(publish(1, "news/s", "event"));
    const event = await worker.next("event");
    const asked = caller.ask("a/1", "");
    const deliver = await worker.next("deliver");
    await worker.cut();
    await suspended(mesh, 1);
    clock.advance(LEASE_MS);
    expect(await asked).toMatchObject({ failure: { code: "WORKER_LOST" } });
    worker.write(
      reply(deliver, "late"),
      chunk(deliver, "late"),
      ...event.targets.map((target) => done(target)),
    );
    await worker.resume();
    const again = await worker.next("event");
    expect([again.id, again.targets[0]?.attempt]).toEqual([event.id, 2]);
    expect(again.targets[0]?.activation).toBeGreaterThan(event.targets[0]?.activation ?? 0);
    await worker.barrier();
    expect(await mesh.counter("stale_frames")).toBe(3);
    await caller.barrier();
    expect(caller.taken("result")).toEqual([]);
  });

  test("after its grace gets a new session", async () => {
    const { clock, mesh, worker } = await pair();
    await worker.cut();
    await suspended(mesh, 1);
    clock.advance(GRACE_MS);
    expect(await worker.resume()).toMatchObject({ resumed: false, lapsedThrough: 0 });
  });
});

test("an event over which too many workers are lost is parked, and its agent goes on", async () => {
  const { clock, mesh, caller, worker } = await pair({ crashLimit: 2 });
  caller.write(publish(1, "news/s", "poison"), publish(2, "news/s", "fine"));
  const first = await worker.next("event");
  await worker.cut();
  await suspended(mesh, 1);
  clock.advance(LEASE_MS);
  const second = await mesh.worker([], oneByOne);
  expect((await second.next("event")).id).toBe(first.id);
  await second.cut();
  await suspended(mesh, 2);
  clock.advance(LEASE_MS);
  const third = await mesh.worker([], oneByOne);
  const next = await third.next("event");
  expect(textOf(next.content)).toBe("fine");
  expect((await mesh.client.deadLetters()).deadLetters).toMatchObject([
    { id: first.id, error: { code: 2 }, attempts: 2, crashes: 2 },
  ]);
});

test("a worker that comes back after its lease takes sends to any key again", async () => {
  const { clock, mesh, caller, worker } = await pair();
  const lost = caller.ask("a/", "lost");
  await worker.next("deliver");
  void caller.ask("a/", "moves");
  await caller.barrier();
  const other = await mesh.worker([], oneByOne);
  await worker.cut();
  await suspended(mesh, 1);
  clock.advance(LEASE_MS);
  expect(await lost).toMatchObject({ failure: { code: "WORKER_LOST" } });
  expect(textOf((await other.next("deliver")).content)).toBe("moves");
  await worker.resume();
  void caller.ask("a/", "back");
  expect(textOf((await worker.next("deliver")).content)).toBe("back");
});

test("only what the lost worker may have begun is suspected of its loss", async () => {
  const clock = new FakeClock();
  const mesh = await hostForTest({ leaseMs: LEASE_MS, crashLimit: 1 }, clock);
  const caller = await mesh.worker();
  const worker = await mesh.worker(["a"], { subscriptions: ["news -> a"] });
  caller.write(publish(1, "news/s", "begun"), publish(2, "news/s", "behind it"));
  await worker.next("event");
  await worker.next("event");
  await worker.cut();
  await suspended(mesh, 1);
  clock.advance(LEASE_MS);
  const other = await mesh.worker(["a"], { subscriptions: ["news -> a"] });
  expect(textOf((await other.next("event")).content)).toBe("behind it");
  const { deadLetters } = await mesh.client.deadLetters();
  expect(deadLetters).toMatchObject([{ crashes: 1 }]);
});

test("a worker that leaves is no crash: nothing that it had is suspected", async () => {
  const mesh = await hostForTest({ crashLimit: 1 });
  const worker = await mesh.worker(["a"], { subscriptions: ["news -> a"] });
  const other = await mesh.worker();
  other.write(publish(1, "news/s", "begun"));
  await worker.next("event");
  const next = await mesh.worker(["a"], { subscriptions: ["news -> a"] });
  await worker.leave();
  expect((await next.next("event")).targets).toMatchObject([{ attempt: 2 }]);
  expect((await mesh.client.deadLetters()).deadLetters).toEqual([]);
});
