import { describe, expect, test } from "vitest";
import type { FrameOf } from "../../support/frame-mail.ts";
import { agentType, control, send, textOf, turnEnd } from "../../support/frames.ts";
import { hostForTest, type TestHost } from "../../support/host.ts";
import type { RawWorker } from "../../support/raw-worker.ts";

type Deliver = FrameOf<"deliver">;

/** Sends to the agent and tells which of the workers got it. The turn stays open. */
async function holder(
  caller: RawWorker,
  target: string,
  workers: readonly RawWorker[],
): Promise<[RawWorker, Deliver]> {
  const asked = caller.ask(target, "");
  asked.catch(() => {});
  await caller.barrier();
  for (const worker of workers) {
    await worker.barrier();
    const [deliver] = worker.taken("deliver");
    if (deliver !== undefined) return [worker, deliver];
  }
  throw new Error(`no worker got the send to ${target}`);
}

/** The worker that each key is on; each agent is idle again and still active. */
async function homes(
  mesh: TestHost,
  keys: readonly string[],
  workers: readonly RawWorker[],
): Promise<RawWorker[]> {
  const caller = await mesh.worker();
  const found: RawWorker[] = [];
  for (const key of keys) {
    const [worker, deliver] = await holder(caller, `a/${key}`, workers);
    worker.write(
      turnEnd(deliver),
      control({ $case: "idle", value: { activations: [deliver.activation] } }),
    );
    await worker.nextControl("deactivate");
    found.push(worker);
  }
  return found;
}

const KEYS = Array.from({ length: 60 }, (_, n) => `key-${n}`);
const IDS = ["instance-one", "instance-two", "instance-three"] as const;

function joiner(mesh: TestHost, instanceId: string): Promise<RawWorker> {
  return mesh.worker(["a"], { hello: { instanceId } });
}

test("an active key stays where it is when other workers come", async () => {
  const mesh = await hostForTest();
  const caller = await mesh.worker();
  const first = await mesh.worker(["a"]);
  const activations = new Map<string, number>();
  for (const key of KEYS) {
    const [, deliver] = await holder(caller, `a/${key}`, [first]);
    activations.set(key, deliver.activation);
    first.write(turnEnd(deliver));
  }
  const second = await mesh.worker(["a"]);
  for (const key of KEYS) {
    const [worker, deliver] = await holder(caller, `a/${key}`, [first, second]);
    expect(worker).toBe(first);
    expect(deliver.activation).toBe(activations.get(key));
    worker.write(turnEnd(deliver));
  }
});

test("keys without activation spread over the workers, whatever the order in which those came", async () => {
  const [one, two] = [await hostForTest(), await hostForTest()];
  const before = [await joiner(one, IDS[0]), await joiner(one, IDS[1])];
  const after = [await joiner(two, IDS[1]), await joiner(two, IDS[0])];
  const idsBefore = (await homes(one, KEYS, before)).map(({ instanceId }) => instanceId);
  const idsAfter = (await homes(two, KEYS, after)).map(({ instanceId }) => instanceId);
  expect(idsAfter).toEqual(idsBefore);
  for (const id of IDS.slice(0, 2))
    expect(idsBefore.filter((other) => other === id).length).toBeGreaterThan(15);
});

test("when a worker comes, only the keys that it wins move; when it goes, only those move back", async () => {
  const mesh = await hostForTest();
  const workers = [await joiner(mesh, IDS[0]), await joiner(mesh, IDS[1])];
  const before = await homes(mesh, KEYS, workers);
  const third = await joiner(mesh, IDS[2]);
  const during = await homes(mesh, KEYS, [...workers, third]);
  for (const [index, home] of during.entries())
    if (home !== third) expect(home).toBe(before[index]);
  expect(during.filter((home) => home === third).length).toBeGreaterThan(5);
  await third.leave();
  expect(await homes(mesh, KEYS, workers)).toEqual(before);
});

describe("a send to any key", () => {
  test("goes to the worker with the least in flight", async () => {
    const mesh = await hostForTest();
    const caller = await mesh.worker();
    const [one, two] = [await mesh.worker(["a"]), await mesh.worker(["a"])];
    caller.write(...[1, 2, 3, 4].map((request) => send(request, "a/", `${request}`)));
    await caller.barrier();
    for (const worker of [one, two]) await worker.barrier();
    const [onOne, onTwo] = [one.taken("deliver"), two.taken("deliver")];
    expect([onOne.length, onTwo.length]).toEqual([2, 2]);
    two.write(...onTwo.map((deliver) => turnEnd(deliver)));
    await two.barrier();
    const [worker] = await holder(caller, "a/", [one, two]);
    expect(worker).toBe(two);
  });

  test("waits like any other while the stream of the only worker is broken", async () => {
    const mesh = await hostForTest();
    const caller = await mesh.worker();
    const worker = await mesh.worker(["a"]);
    await worker.cut();
    const asked = caller.ask("a/", "patience");
    await caller.barrier();
    await worker.resume();
    const deliver = await worker.next("deliver");
    expect(textOf(deliver.content)).toBe("patience");
    worker.write(turnEnd(deliver));
    expect(await asked).toEqual({ kind: "done" });
  });

  test("is refused when nobody announced the type", async () => {
    const mesh = await hostForTest();
    const caller = await mesh.worker();
    expect(await caller.ask("nobody/", "")).toMatchObject({
      failure: { code: "AGENT_TYPE_UNKNOWN" },
    });
  });
});

describe("registration", () => {
  const register = (request: number, name: string) =>
    control({ $case: "registerAgentType", value: { request, agentType: agentType(name) } });
  const unregister = (request: number, name: string) =>
    control({ $case: "unregisterAgentType", value: { request, name } });

  test("is answered, also when it is refused", async () => {
    const mesh = await hostForTest();
    const worker = await mesh.worker();
    worker.write(
      register(1, "a"),
      register(2, "a"),
      register(3, "a b"),
      unregister(4, "b"),
      unregister(5, "a"),
    );
    const answers = [];
    for (let count = 0; count < 5; count++) answers.push(await worker.nextControl("answer"));
    expect(answers.map(({ request }) => request)).toEqual([1, 2, 3, 4, 5]);
    expect(answers.map(({ error }) => error?.code)).toEqual([undefined, 26, 11, 1, undefined]);
  });

  test("of a type makes its sends go through at once", async () => {
    const mesh = await hostForTest();
    const worker = await mesh.worker();
    worker.write(register(1, "late"), send(1, "late/1", ""));
    worker.write(turnEnd(await worker.next("deliver")));
    expect(await worker.result(1)).toEqual({ kind: "done" });
  });

  test("that is withdrawn moves idle agents at once and busy ones after their turn", async () => {
    const mesh = await hostForTest();
    const caller = await mesh.worker();
    const worker = await mesh.worker(["a"]);
    const [, idle] = await holder(caller, "a/idle", [worker]);
    worker.write(turnEnd(idle));
    const [, busy] = await holder(caller, "a/busy", [worker]);
    const other = await mesh.worker(["a"]);
    worker.write(unregister(1, "a"));
    expect(await worker.nextControl("deactivate")).toEqual({ activations: [idle.activation] });
    expect((await worker.nextControl("answer")).error).toBeUndefined();
    const [next] = await holder(caller, "a/idle", [worker, other]);
    expect(next).toBe(other);
    const asked = caller.ask("a/busy", "after");
    await caller.barrier();
    await other.barrier();
    expect(other.taken("deliver")).toEqual([]);
    worker.write(turnEnd(busy));
    expect(await worker.nextControl("deactivate")).toEqual({ activations: [busy.activation] });
    const moved = await other.next("deliver");
    expect(textOf(moved.content)).toBe("after");
    expect(moved.activation).toBeGreaterThan(busy.activation);
    other.write(turnEnd(moved));
    expect(await asked).toEqual({ kind: "done" });
  });

  test("that the last worker withdraws settles what waits behind a running turn when that turn ends", async () => {
    const mesh = await hostForTest();
    const caller = await mesh.worker();
    const worker = await mesh.worker([], {
      hello: { agentTypes: [agentType("a", { agentWindow: 1 })] },
    });
    const running = caller.ask("a/1", "");
    const deliver = await worker.next("deliver");
    const queued = [caller.ask("a/1", ""), caller.ask("a/1", "")];
    await caller.barrier();
    worker.write(unregister(1, "a"));
    await worker.nextControl("answer");
    worker.write(turnEnd(deliver));
    expect(await running).toEqual({ kind: "done" });
    for (const ending of await Promise.all(queued)) {
      expect(ending).toMatchObject({
        failure: { code: "AGENT_TYPE_UNKNOWN", outcome: "not-executed" },
      });
    }
  });

  test("again of a type whose agent is still busy reaches that agent after its turn", async () => {
    const mesh = await hostForTest();
    const caller = await mesh.worker();
    const worker = await mesh.worker(["a"]);
    const [, busy] = await holder(caller, "a/1", [worker]);
    worker.write(unregister(1, "a"), register(2, "a"));
    await worker.barrier();
    const asked = caller.ask("a/1", "again");
    await caller.barrier();
    worker.write(turnEnd(busy));
    const again = await worker.next("deliver");
    expect(again.activation).toBeGreaterThan(busy.activation);
    worker.write(turnEnd(again));
    expect(await asked).toEqual({ kind: "done" });
  });
});

describe("an idle activation", () => {
  const idle = (...activations: number[]) => control({ $case: "idle", value: { activations } });

  test("that is offered ends, and the next message makes a new one with a larger number", async () => {
    const mesh = await hostForTest();
    const worker = await mesh.worker(["a"]);
    const [, first] = await holder(worker, "a/1", [worker]);
    worker.write(turnEnd(first), idle(first.activation));
    expect(await worker.nextControl("deactivate")).toEqual({ activations: [first.activation] });
    const [, second] = await holder(worker, "a/1", [worker]);
    expect(second.activation).toBeGreaterThan(first.activation);
  });

  test("stays when something is on its way to it, or when it is another worker's", async () => {
    const mesh = await hostForTest();
    const [worker, other] = [await mesh.worker(["a"]), await mesh.worker(["b"])];
    const [, busy] = await holder(worker, "a/1", [worker]);
    const [, foreign] = await holder(worker, "b/1", [other]);
    other.write(turnEnd(foreign));
    await other.barrier();
    worker.write(idle(busy.activation, foreign.activation, 12345));
    await worker.barrier();
    expect(worker.taken("control")).toEqual([]);
    await other.barrier();
    expect(other.taken("control")).toEqual([]);
  });
});

test("deliveries that a worker gives back come again in their order without counting an attempt", async () => {
  const mesh = await hostForTest();
  const worker = await mesh.worker(["a"]);
  worker.write(...[1, 2, 3].map((request) => send(request, "a/1", `${request}`)));
  const delivers = await Promise.all([1, 2, 3].map(() => worker.next("deliver")));
  worker.write(
    control({ $case: "release", value: { deliveries: delivers.map(({ delivery }) => delivery) } }),
  );
  for (const number of [1, 2, 3]) {
    const deliver = await worker.next("deliver");
    expect([textOf(deliver.content), deliver.attempt]).toEqual([`${number}`, 1]);
  }
});
