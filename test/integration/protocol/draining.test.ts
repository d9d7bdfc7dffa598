import { DEFAULTS } from "@agentmesh/proto";
import { FakeClock } from "@agentmesh/proto/testing";
import { describe, expect, test } from "vitest";
import { agentType, control, done, publish, textOf, turnEnd } from "../../support/frames.ts";
import { hostForTest } from "../../support/host.ts";
import type { RawWorker } from "../../support/raw-worker.ts";

const drain = (request: number) => control({ $case: "drain", value: { request } });

/** Two agents of a worker: one idle, one in a turn. */
async function twoAgents(worker: RawWorker, caller: RawWorker) {
  const first = caller.ask("a/idle", "");
  const idle = await worker.next("deliver");
  worker.write(turnEnd(idle));
  await first;
  const running = caller.ask("a/busy", "");
  const busy = await worker.next("deliver");
  return { idle, busy, running };
}

describe("a worker that drains", () => {
  test("gives its idle agents away at once, busy ones after their turn, and is told when the last has moved", async () => {
    const mesh = await hostForTest();
    const caller = await mesh.worker();
    const worker = await mesh.worker(["a"]);
    const { idle, busy, running } = await twoAgents(worker, caller);
    const other = await mesh.worker(["a"]);
    worker.write(drain(9));
    expect(await worker.nextControl("deactivate")).toEqual({ activations: [idle.activation] });
    const queued = caller.ask("a/busy", "moves");
    await caller.barrier();
    await worker.barrier();
    expect(worker.taken("control")).toEqual([]);
    worker.write(turnEnd(busy));
    expect(await worker.nextControl("deactivate")).toEqual({ activations: [busy.activation] });
    expect(await worker.nextControl("answer")).toEqual({ request: 9, error: undefined });
    expect(await running).toEqual({ kind: "done" });
    const moved = await other.next("deliver");
    expect(textOf(moved.content)).toBe("moves");
    other.write(turnEnd(moved));
    expect(await queued).toEqual({ kind: "done" });
  });

  test("gets nothing new", async () => {
    const mesh = await hostForTest();
    const caller = await mesh.worker();
    const [worker, other] = [await mesh.worker(["a"]), await mesh.worker(["a"])];
    worker.write(drain(1));
    await worker.nextControl("answer");
    for (const key of ["", ...Array.from({ length: 40 }, (_, n) => `${n}`)]) {
      const asked = caller.ask(`a/${key}`, "");
      other.write(turnEnd(await other.next("deliver")));
      await asked;
    }
    await worker.barrier();
    expect(worker.taken("deliver")).toEqual([]);
  });

  test("without agents is told at once", async () => {
    const mesh = await hostForTest();
    const worker = await mesh.worker(["a"]);
    worker.write(drain(3));
    expect(await worker.nextControl("answer")).toEqual({ request: 3, error: undefined });
  });

  test("twice is told twice", async () => {
    const mesh = await hostForTest();
    const caller = await mesh.worker();
    const worker = await mesh.worker(["a"]);
    const { busy } = await twoAgents(worker, caller);
    worker.write(drain(1), drain(2), turnEnd(busy));
    expect(await worker.nextControl("answer")).toEqual({ request: 1, error: undefined });
    expect(await worker.nextControl("answer")).toEqual({ request: 2, error: undefined });
  });

  test("and loses its agents with its lease is told so when it is back", async () => {
    const clock = new FakeClock();
    const mesh = await hostForTest({}, clock);
    const caller = await mesh.worker();
    const worker = await mesh.worker(["a"]);
    await twoAgents(worker, caller);
    worker.write(drain(4));
    await worker.barrier();
    await worker.cut();
    await mesh.untilStatus(({ workersSuspended }) => workersSuspended === 1, "the broken stream");
    clock.advance(DEFAULTS.leaseMs);
    await worker.resume();
    expect(await worker.nextControl("answer")).toEqual({ request: 4, error: undefined });
  });

  test("and is the only one of its type makes new sends wait for another, without refusing them", async () => {
    const mesh = await hostForTest();
    const caller = await mesh.worker();
    const worker = await mesh.worker(["a"]);
    worker.write(drain(1));
    await worker.nextControl("answer");
    const asked = [caller.ask("a/1", ""), caller.ask("a/", "")];
    await caller.barrier();
    const other = await mesh.worker(["a"]);
    for (let count = 0; count < 2; count++) other.write(turnEnd(await other.next("deliver")));
    expect(await Promise.all(asked)).toEqual([{ kind: "done" }, { kind: "done" }]);
  });

  test("takes along agents that wait for its credit: they wait for that of their next worker", async () => {
    const mesh = await hostForTest();
    const caller = await mesh.worker();
    const worker = await mesh.worker(["a"], {
      hello: { maxInFlight: 1 },
      subscriptions: ["news -> a"],
    });
    void caller.ask("a/1", "");
    await worker.next("deliver");
    caller.write(publish(1, "news/2", "patience"));
    await caller.barrier();
    const other = await mesh.worker(["a", "b"], { hello: { maxInFlight: 1 } });
    void caller.ask("b/1", "");
    const busy = await other.next("deliver");
    worker.write(drain(1));
    await worker.barrier();
    other.write(turnEnd(busy));
    const event = await other.next("event");
    expect(textOf(event.content)).toBe("patience");
    other.write(done(...event.targets));
  });

  test("gives back what it has not started, and those go to another worker", async () => {
    const mesh = await hostForTest();
    const caller = await mesh.worker();
    const worker = await mesh.worker(["a"]);
    const asked = ["one", "two", "three"].map((text) => caller.ask("a/1", text));
    const [first, second, third] = [
      await worker.next("deliver"),
      await worker.next("deliver"),
      await worker.next("deliver"),
    ];
    const other = await mesh.worker(["a"]);
    worker.write(
      drain(1),
      control({ $case: "release", value: { deliveries: [second.delivery, third.delivery] } }),
      turnEnd(first),
    );
    for (const text of ["two", "three"]) {
      const deliver = await other.next("deliver");
      expect([textOf(deliver.content), deliver.attempt]).toEqual([text, 1]);
      other.write(turnEnd(deliver));
    }
    expect(await Promise.all(asked)).toEqual(asked.map(() => ({ kind: "done" })));
  });
});

describe("when the last worker of a type goes,", () => {
  test("what it had is lost with it and what waited is told that there is nobody", async () => {
    const mesh = await hostForTest();
    const caller = await mesh.worker();
    const worker = await mesh.worker([], {
      hello: { agentTypes: [agentType("a", { agentWindow: 1 })] },
    });
    const shipped = caller.ask("a/1", "");
    await worker.next("deliver");
    const waiting = caller.ask("a/1", "");
    await caller.barrier();
    await worker.leave();
    expect(await shipped).toMatchObject({
      failure: { code: "WORKER_LOST", outcome: "unknown", retryable: false },
    });
    expect(await waiting).toMatchObject({
      failure: { code: "AGENT_TYPE_UNKNOWN", outcome: "not-executed", retryable: true },
    });
  });

  test("an agent that had to leave and is lost in its last turn leaves no send behind", async () => {
    const mesh = await hostForTest();
    const caller = await mesh.worker();
    const worker = await mesh.worker([], {
      hello: { agentTypes: [agentType("a", { agentWindow: 1 })] },
    });
    const shipped = caller.ask("a/1", "");
    await worker.next("deliver");
    const waiting = caller.ask("a/1", "");
    await caller.barrier();
    worker.write(control({ $case: "unregisterAgentType", value: { request: 1, name: "a" } }));
    await worker.nextControl("answer");
    await worker.leave();
    expect(await shipped).toMatchObject({ failure: { code: "WORKER_LOST" } });
    expect(await waiting).toMatchObject({ failure: { code: "AGENT_TYPE_UNKNOWN" } });
    expect((await mesh.client.status()).queued).toBe(0);
  });
});
