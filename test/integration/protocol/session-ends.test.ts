import { randomUUID } from "node:crypto";
import { FakeClock } from "@agentmesh/proto/testing";
import { status as Status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { control, publish, reply, send, turnEnd } from "../../support/frames.ts";
import { hostForTest } from "../../support/host.ts";

test("a worker that says goodbye is gone at once, with everything that it announced", async () => {
  const clock = new FakeClock();
  const mesh = await hostForTest({}, clock);
  const caller = await mesh.worker();
  const worker = await mesh.worker(["a"], { subscriptions: ["news -> a"] });
  const asked = caller.ask("a/1", "");
  await worker.next("deliver");
  await worker.leave();
  expect(await asked).toMatchObject({ failure: { code: "WORKER_LOST", outcome: "unknown" } });
  expect(await caller.ask("a/1", "")).toMatchObject({ failure: { code: "AGENT_TYPE_UNKNOWN" } });
  expect((await worker.resume()).resumed).toBe(false);
});

test("what follows a goodbye in its batch has no effect", async () => {
  const mesh = await hostForTest();
  const hearer = await mesh.worker(["ear"], { subscriptions: ["news -> ear"] });
  const worker = await mesh.worker();
  const goodbye = control({ $case: "goodbye", value: {} });
  worker.write(publish(1, "news/s", "before"), goodbye, publish(2, "news/s", "after"));
  await worker.ended;
  await hearer.next("event");
  await hearer.barrier();
  expect(hearer.taken("event")).toEqual([]);
});

test("a worker without resume is gone when its stream breaks", async () => {
  const mesh = await hostForTest({}, new FakeClock());
  const caller = await mesh.worker();
  const worker = await mesh.worker(["a"], { hello: { resume: false } });
  const asked = caller.ask("a/1", "");
  await worker.next("deliver");
  await worker.cut();
  expect(await asked).toMatchObject({ failure: { code: "WORKER_LOST" } });
  expect(await caller.ask("a/1", "")).toMatchObject({ failure: { code: "AGENT_TYPE_UNKNOWN" } });
});

test("a worker without resume works without numbers and acknowledgements", async () => {
  const mesh = await hostForTest({ replayBytes: 1_024, maxPayloadBytes: 1_024 });
  const worker = await mesh.worker(["a"], { hello: { resume: false } });
  for (let count = 0; count < 50; count++) {
    const asked = worker.ask("a/1", "x".repeat(500));
    worker.write(reply(await worker.next("deliver"), "y".repeat(500)));
    expect((await asked).kind).toBe("reply");
  }
  expect(worker.receivedThrough).toBe(0);
});

test("a worker that ends its half of the stream may resume", async () => {
  const mesh = await hostForTest();
  const worker = await mesh.worker(["a"]);
  worker.stream.halfClose();
  expect((await worker.ended).status).toBe(Status.OK);
  expect((await worker.resume()).resumed).toBe(true);
});

test("of two streams of one session the newest wins, and the other is told", async () => {
  const mesh = await hostForTest();
  const worker = await mesh.worker(["a"]);
  const old = worker.stream;
  expect((await worker.resume()).resumed).toBe(true);
  expect(await old.ended).toMatchObject({
    status: Status.ABORTED,
    error: { code: "SESSION_SUPERSEDED" },
  });
  const asked = worker.ask("a/1", "");
  worker.write(turnEnd(await worker.next("deliver")));
  expect(await asked).toEqual({ kind: "done" });
});

test("a worker that starts anew without its token ends the session that it left behind", async () => {
  const mesh = await hostForTest({}, new FakeClock());
  const caller = await mesh.worker();
  const worker = await mesh.worker(["a"]);
  const asked = caller.ask("a/1", "");
  await worker.next("deliver");
  await worker.cut();
  await mesh.untilStatus(
    ({ workersSuspended }) => workersSuspended === 1,
    "the host to notice the broken stream",
  );
  await worker.open();
  expect(await asked).toMatchObject({ failure: { code: "WORKER_LOST" } });
  expect((await mesh.client.status()).workersSuspended).toBe(0);
});

test.each([true, false])(
  "so it does when the host holds its stream for open (resume: %s)",
  async (resume) => {
    const mesh = await hostForTest({ maxSessions: 2 }, new FakeClock());
    const caller = await mesh.worker();
    const hello = { resume, instanceId: randomUUID() };
    const old = await mesh.worker(["a"], { hello });
    const asked = caller.ask("a/1", "");
    await old.next("deliver");
    const back = await mesh.worker(["a"], { hello });
    expect(await asked).toMatchObject({ failure: { code: "WORKER_LOST", outcome: "unknown" } });
    expect(await old.ended).toMatchObject({ error: { code: "SESSION_SUPERSEDED" } });
    const again = caller.ask("a/1", "");
    back.write(turnEnd(await back.next("deliver")));
    expect(await again).toEqual({ kind: "done" });
  },
);

test("a process may hold sessions in several namespaces: a new one ends no other", async () => {
  const mesh = await hostForTest({}, new FakeClock());
  const blue = await mesh.worker(["a"], { hello: { namespace: "blue" } });
  await blue.cut();
  await mesh.untilStatus(({ workersSuspended }) => workersSuspended === 1, "the broken stream");
  await mesh.worker([], { hello: { namespace: "red", instanceId: blue.instanceId } });
  expect((await blue.resume()).resumed).toBe(true);
});

test("a worker that comes back with a token that is refused is gone at once; who knows less of it ends nothing", async () => {
  const mesh = await hostForTest({ token: "right" });
  const headers = { authorization: "Bearer right" };
  const wrong = { authorization: "Bearer wrong" };
  const caller = await mesh.worker([], { headers });
  const worker = await mesh.worker(["a"], { headers });
  const { instanceId } = worker;
  const { resumeToken } = worker.welcome;
  await worker.cut();
  await mesh.stranger({ headers: wrong, hello: { instanceId } }).refused();
  await mesh.stranger({ headers: wrong, hello: { resumeToken } }).refused();
  const asked = caller.ask("a/1", "");
  await caller.barrier();
  expect(caller.taken("result")).toEqual([]);
  const itself = mesh.stranger({ headers: wrong, hello: { instanceId, resumeToken } });
  expect((await itself.refused()).error?.code).toBe("UNAUTHENTICATED");
  expect(await asked).toMatchObject({
    failure: { code: "AGENT_TYPE_UNKNOWN", outcome: "not-executed" },
  });
  expect(await caller.ask("a/1", "")).toMatchObject({ failure: { code: "AGENT_TYPE_UNKNOWN" } });
});

describe("a worker from which nothing comes", () => {
  const limits = { heartbeatMs: 2_500, livenessMs: 8_000, leaseMs: 1_500 };

  test("is asked for a sign of life, and one is enough", async () => {
    const clock = new FakeClock();
    const mesh = await hostForTest(limits, clock);
    const worker = await mesh.worker([], { answersPings: false });
    for (let round = 0; round < 5; round++) {
      clock.advance(2_500);
      const ping = await worker.nextControl("ping");
      worker.writeUnnumbered(control({ $case: "pong", value: ping }));
      // The answer has arrived when what follows it is answered.
      await worker.barrier();
    }
    expect(worker.stream.end).toBeUndefined();
  });

  test("counts as dead after the limit: its stream breaks and its lease starts", async () => {
    const clock = new FakeClock();
    const mesh = await hostForTest(limits, clock);
    const worker = await mesh.worker(["a"], { answersPings: false });
    clock.advance(7_999);
    expect((await mesh.client.status()).workersConnected).toBe(1);
    clock.advance(1);
    expect((await worker.ended).error).toMatchObject({
      code: "CONNECTION_LOST",
      text: expect.stringContaining("8000 ms"),
    });
    expect((await mesh.client.status()).workersSuspended).toBe(1);
    expect((await worker.resume()).resumed).toBe(true);
  });

  test("may ask the host for a sign of life itself", async () => {
    const mesh = await hostForTest();
    const worker = await mesh.worker();
    worker.writeUnnumbered(control({ $case: "ping", value: { nonce: 4711 } }));
    expect(await worker.nextControl("pong")).toEqual({ nonce: 4711 });
  });

  test("any batch counts as life", async () => {
    const clock = new FakeClock();
    const mesh = await hostForTest(limits, clock);
    const worker = await mesh.worker([], { answersPings: false });
    for (let round = 0; round < 5; round++) {
      clock.advance(4_000);
      worker.acknowledge();
      await worker.barrier();
    }
    expect(worker.stream.end).toBeUndefined();
  });
});

describe("a host that does not know the session", () => {
  /** A host of a later life, and a worker that had an agent on the one before. */
  async function secondLife() {
    const clock = new FakeClock({ unixMs: 1_900_000_000_000 });
    const mesh = await hostForTest({ settleMs: 2_000 }, clock);
    const before = await hostForTest({}, new FakeClock());
    const earlier = await before.worker(["a"], { hello: { instanceId: randomUUID() } });
    earlier.write(send(1, "a/1", ""));
    const { activation } = await earlier.next("deliver");
    const offer = { number: activation, agent: { type: "a", key: "1" } };
    const hello = {
      instanceId: earlier.instanceId,
      resumeToken: earlier.welcome.resumeToken,
      activations: [offer],
    };
    return { clock, mesh, hello, activation };
  }

  test("adopts the activations that a worker kept", async () => {
    const { mesh, hello, activation } = await secondLife();
    const worker = await mesh.worker(["a"], { hello });
    expect(worker.welcome).toMatchObject({ resumed: false, adopted: [activation] });
    worker.write(send(1, "a/1", ""), publish(1, "news/s", "", { activation }));
    expect(await worker.next("deliver")).toMatchObject({ activation });
    expect((await worker.next("accepted")).sequences).toEqual([1]);
  });

  test("hands what waited for the agent to the activation that it adopts", async () => {
    const { mesh, hello, activation } = await secondLife();
    const caller = await mesh.worker([], {
      hello: { resumeToken: "of-an-earlier-life-of-the-host" },
    });
    caller.write(send(1, "a/1", "", { timeoutMs: 60_000 }));
    await mesh.untilStatus(({ queued }) => queued === 1, "the send to wait");
    const worker = await mesh.worker(["a"], { hello });
    expect(worker.welcome.adopted).toEqual([activation]);
    const deliver = await worker.next("deliver");
    expect(deliver).toMatchObject({ activation, delivery: 1 });
    worker.write(turnEnd(deliver));
    expect(await caller.result(1)).toEqual({ kind: "done" });
  });

  test("of two activations for one agent keeps the larger one", async () => {
    const { mesh, hello, activation } = await secondLife();
    const first = await mesh.worker(["a"], { hello: { ...hello, instanceId: randomUUID() } });
    const newer = { number: activation + 1, agent: { type: "a", key: "1" } };
    const second = await mesh.worker(["a"], { hello: { ...hello, activations: [newer] } });
    expect(second.welcome.adopted).toEqual([activation + 1]);
    expect(await first.nextControl("deactivate")).toEqual({ activations: [activation] });
    const third = await mesh.worker(["a"], { hello: { ...hello, instanceId: randomUUID() } });
    expect(third.welcome.adopted).toEqual([]);
  });

  test("does not adopt what it has ended itself, although the number is not from the future", async () => {
    const mesh = await hostForTest();
    const worker = await mesh.worker(["a"]);
    const { instanceId } = worker;
    worker.write(send(1, "a/new", ""));
    const { activation } = await worker.next("deliver");
    await worker.leave();
    const activations = [{ number: activation, agent: { type: "a", key: "new" } }];
    const back = await mesh.worker(["a"], { hello: { instanceId, activations } });
    expect(back.welcome.adopted).toEqual([]);
    back.write(send(1, "a/new", ""));
    expect((await back.next("deliver")).activation).toBeGreaterThan(activation);
  });

  test("adopts neither an agent of a type that the worker did not announce, nor a number from the future", async () => {
    const { mesh, hello, activation } = await secondLife();
    await mesh.worker(["a"]);
    const stranger = await mesh.worker(["b"], { hello });
    expect(stranger.welcome.adopted).toEqual([]);
    const future = { number: Number.MAX_SAFE_INTEGER, agent: { type: "a", key: "1" } };
    const nameless = { number: activation, agent: { type: "a", key: "" } };
    const forger = await mesh.worker(["a"], {
      hello: { ...hello, activations: [future, nameless] },
    });
    expect(forger.welcome.adopted).toEqual([]);
    expect((await mesh.client.status()).agentsActive).toBe(0);
  });
});

test("a host that closes tells its workers", async () => {
  const mesh = await hostForTest();
  const worker = await mesh.worker();
  const closed = mesh.host.close();
  expect(await worker.ended).toMatchObject({
    status: Status.UNAVAILABLE,
    error: { code: "HOST_DRAINING" },
  });
  await closed;
});
