/** When a worker tries again whose stream broke. */
import { failure } from "@agentmesh/proto";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { FakeStream } from "./test-doubles/fake-host.ts";
import { Gate } from "./test-doubles/scripted-mesh.ts";
import { agree, isKind, noteDelivery, until, WorkerRig } from "./test-doubles/worker-rig.ts";

let rig: WorkerRig;

beforeEach(async () => {
  rig = await WorkerRig.start();
});

afterEach(() => rig.stop());

/** Lets time pass until a host has not refused the worker. */
async function arrival(): Promise<FakeStream> {
  let came: FakeStream | undefined;
  void rig.host.stream().then((found) => {
    came = found;
  });
  while (came === undefined) {
    rig.clock.advance(1);
    for (let turn = 0; turn < 30 && came === undefined; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return came;
}

test("a host that refuses for a while is found within the lease, however unlucky the waits are", async () => {
  let waiting = new Gate();
  const unlucky = (): number => {
    waiting.open();
    return 0.999;
  };
  const { worker, stream } = await rig.connected({ random: unlucky });
  // The first attempt waits for nothing and takes no chance.
  waiting.open();
  const startMs = rig.clock.now();
  rig.host.refuse = () =>
    rig.clock.now() - startMs < 1_000 ? failure("HOST_DRAINING") : undefined;
  await rig.cut(worker, stream);
  const accepted = rig.host.stream();
  let next: FakeStream | undefined;
  while (next === undefined && worker.currentStatus.kind === "suspended") {
    await waiting.passed;
    waiting = new Gate();
    rig.clock.advanceToNext();
    next = await Promise.race([accepted, waiting.passed.then(() => undefined)]);
  }
  next?.welcome({ resumed: true });
  expect(await until(worker, isKind("connected"))).toMatchObject({ resumed: true });
  expect(rig.clock.now() - startMs).toBeLessThan(1_500);
});

test("a stream that breaks six times in a row is back within the lease, although none lasted", async () => {
  const { worker, stream } = await rig.connected({ random: () => 0.999 });
  let current = stream;
  for (let flap = 0; flap < 6; flap++) {
    await rig.cut(worker, current);
    rig.clock.advance(150);
    current = await rig.host.stream();
    current.welcome({ resumed: true });
    expect(await until(worker, isKind("connected"))).toMatchObject({ resumed: true });
  }
});

test("a host that comes and goes is tried with growing waits", async () => {
  const { worker, stream } = await rig.connected();
  await rig.cut(worker, stream);
  let current = await rig.nextStream();
  // It is there for a moment only: that counts as a failure.
  current.welcome();
  await until(worker, isKind("connected"));
  const waits: number[] = [];
  for (let attempt = 0; attempt < 3; attempt++) {
    await rig.cut(worker, current);
    const before = rig.clock.now();
    current = await arrival();
    waits.push(rig.clock.now() - before);
    current.welcome({ resumed: false });
    await until(worker, isKind("connected"));
  }
  expect(waits[0]).toBeLessThan(waits[2] ?? 0);
});

test("a host that cannot take all agents of a worker takes it without them", async () => {
  const { worker, stream } = await rig.connected();
  await rig.registered(worker, stream, () => undefined);
  stream.say(noteDelivery(1, 1));
  await stream.frameOf("turn-end");
  let offered = 0;
  rig.host.refuse = ({ activations }) => {
    offered += activations.length;
    return activations.length > 0 ? failure("PAYLOAD_TOO_LARGE") : undefined;
  };
  await rig.cut(worker, stream);
  const next = await arrival();
  next.welcome({ resumed: false });
  await until(worker, isKind("connected"));
  expect(next.hello).toMatchObject({ agentTypes: [{ name: "worker" }], activations: [] });
  expect(offered).toBe(1);
  expect(worker.activeAgents).toBe(0);
});

test("a durable subscription that others have changed does not keep a worker out, nor is it changed back", async () => {
  const { worker, stream } = await rig.connected();
  for (const options of [{}, { durable: { name: "kept", maxAttempts: 3, update: true } }]) {
    const subscribing = worker.subscribe({ type: "news" }, "worker", options);
    stream.sayControl(agree((await stream.controlOf("subscribe")).value.request));
    await subscribing;
  }
  const told: unknown[] = [];
  rig.host.refuse = ({ subscriptions }) => {
    const [durable] = subscriptions.flatMap((one) => one.durable ?? []);
    told.push(durable?.update);
    return durable === undefined ? undefined : failure("SUBSCRIPTION_CONFLICT");
  };
  await rig.cut(worker, stream);
  const next = await arrival();
  next.welcome({ resumed: false });
  await until(worker, isKind("connected"));
  expect(told).toEqual([false, undefined]);
  expect(next.hello.subscriptions).toMatchObject([{ id: "s1", durable: undefined }]);
  // Another host is told of it: this one may have been alone with what it had.
  await rig.cut(worker, next);
  rig.host.refuse = () => undefined;
  expect((await arrival()).hello.subscriptions).toHaveLength(2);
});
