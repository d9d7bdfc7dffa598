import { ERROR_TABLE } from "@agentmesh/proto";
import { FakeClock } from "@agentmesh/proto/testing";
import { describe, expect, test } from "vitest";
import { agentType, content, control, nested, reply, send, turnEnd } from "../../support/frames.ts";
import { hostForTest } from "../../support/host.ts";

const { DEADLINE_EXCEEDED, CANCELLED } = ERROR_TABLE;

/** A host with one worker whose agents take one message at a time. */
async function oneByOne() {
  const clock = new FakeClock();
  const mesh = await hostForTest({}, clock);
  const worker = await mesh.worker([], {
    hello: { agentTypes: [agentType("slow", { agentWindow: 1 })] },
  });
  return { clock, mesh, worker };
}

describe("the deadline", () => {
  test("of a send that its worker has tells the worker to stop and the caller that the handler may have run", async () => {
    const { clock, worker } = await oneByOne();
    worker.write(send(1, "slow/1", "", { timeoutMs: 1_000 }));
    const deliver = await worker.next("deliver");
    expect(deliver.timeoutMs).toBe(1_000);
    clock.advance(999);
    await worker.barrier();
    expect(worker.taken("result")).toEqual([]);
    clock.advance(50);
    expect(await worker.result(1)).toMatchObject({
      failure: { code: "DEADLINE_EXCEEDED", outcome: "unknown", retryable: false },
    });
    const cancel = await worker.next("cancel-delivery");
    expect(cancel).toMatchObject({ delivery: deliver.delivery, reason: DEADLINE_EXCEEDED.number });
  });

  test("of a send that waits at the host tells the caller that the handler did not run, and it never does", async () => {
    const { clock, worker } = await oneByOne();
    worker.write(send(1, "slow/1", "first"));
    const first = await worker.next("deliver");
    worker.write(send(2, "slow/1", "second", { timeoutMs: 1_000 }), send(3, "slow/1", "third"));
    await worker.barrier();
    clock.advance(1_050);
    expect(await worker.result(2)).toMatchObject({
      failure: { code: "DEADLINE_EXCEEDED", outcome: "not-executed", retryable: true },
    });
    worker.write(turnEnd(first));
    const next = await worker.next("deliver");
    expect(Buffer.from(next.content)).toEqual(Buffer.from(content("third")));
    expect(worker.taken("cancel-delivery")).toEqual([]);
    worker.write(turnEnd(next));
    expect(await worker.result(3)).toEqual({ kind: "done" });
  });

  test("that has passed keeps a send from starting, even before the host's alarm has gone off", async () => {
    const { clock, worker } = await oneByOne();
    clock.advance(3);
    worker.write(send(1, "slow/1", "first"), send(2, "slow/1", "late", { timeoutMs: 500 }));
    const first = await worker.next("deliver");
    await worker.barrier();
    // The alarms of the host go off every 10 ms.
    clock.advance(503);
    worker.write(turnEnd(first));
    expect(await worker.result(2)).toMatchObject({
      failure: { code: "DEADLINE_EXCEEDED", outcome: "not-executed" },
    });
    expect(worker.taken("deliver")).toEqual([]);
  });

  test("is the host's default for a send that asks for none", async () => {
    const clock = new FakeClock();
    const mesh = await hostForTest({ timeoutMs: 300 }, clock);
    const worker = await mesh.worker(["slow"]);
    worker.write(send(1, "slow/1", ""));
    expect((await worker.next("deliver")).timeoutMs).toBe(300);
    clock.advance(350);
    expect(await worker.result(1)).toMatchObject({ failure: { code: "DEADLINE_EXCEEDED" } });
  });

  test("of a nested send is what is left of the send above it", async () => {
    const { clock, worker } = await oneByOne();
    worker.write(send(1, "slow/1", "", { timeoutMs: 1_000 }));
    const parent = await worker.next("deliver");
    clock.advance(600);
    worker.write({ ...nested(parent, 2, "slow/2", ""), timeoutMs: 5_000 });
    const child = await worker.next("deliver");
    expect(child.timeoutMs).toBe(400);
    worker.write({ ...nested(child, 3, "slow/3", ""), timeoutMs: 100 });
    expect((await worker.next("deliver")).timeoutMs).toBe(100);
  });

  test("that has passed already lets a nested send not start at all", async () => {
    const { clock, worker } = await oneByOne();
    worker.write(send(1, "slow/1", "", { timeoutMs: 1_000 }));
    const parent = await worker.next("deliver");
    clock.advance(1_050);
    await worker.result(1);
    worker.write(nested(parent, 2, "slow/2", ""));
    expect(await worker.result(2)).toMatchObject({
      failure: { code: "DEADLINE_EXCEEDED", outcome: "not-executed" },
    });
    await worker.barrier();
    expect(worker.taken("deliver")).toEqual([]);
  });

  test("that has passed makes a late reply vanish without harm", async () => {
    const { clock, worker } = await oneByOne();
    worker.write(send(1, "slow/1", "", { timeoutMs: 100 }));
    const deliver = await worker.next("deliver");
    clock.advance(150);
    await worker.result(1);
    worker.write(reply(deliver, "late"));
    await worker.barrier();
    expect(worker.taken("result")).toEqual([]);
    const again = worker.ask("slow/1", "");
    worker.write(turnEnd(await worker.next("deliver")));
    expect(await again).toEqual({ kind: "done" });
  });
});

describe("a cancel", () => {
  const cancel = (request: number) => ({ kind: "cancel", request }) as const;

  test("of a send that its worker has reaches the worker, and settles the send at once", async () => {
    const { worker } = await oneByOne();
    worker.write(send(1, "slow/1", ""));
    const deliver = await worker.next("deliver");
    worker.write(cancel(1));
    expect(await worker.result(1)).toMatchObject({
      failure: { code: "CANCELLED", outcome: "unknown", retryable: false },
    });
    const told = await worker.next("cancel-delivery");
    expect(told).toMatchObject({ delivery: deliver.delivery, reason: CANCELLED.number });
  });

  test("of a send that waits at the host means that it is never shipped", async () => {
    const { worker } = await oneByOne();
    worker.write(send(1, "slow/1", ""), send(2, "slow/1", ""));
    const first = await worker.next("deliver");
    worker.write(cancel(2));
    expect(await worker.result(2)).toMatchObject({
      failure: { code: "CANCELLED", outcome: "not-executed", retryable: true },
    });
    worker.write(turnEnd(first));
    await worker.result(1);
    await worker.barrier();
    expect(worker.taken("deliver")).toEqual([]);
    expect(worker.taken("cancel-delivery")).toEqual([]);
  });

  test("of a send that has settled, or never was, changes nothing", async () => {
    const { worker } = await oneByOne();
    worker.write(send(1, "slow/1", ""));
    worker.write(turnEnd(await worker.next("deliver")));
    await worker.result(1);
    worker.write(cancel(1), cancel(99));
    await worker.barrier();
    expect(worker.taken("result")).toEqual([]);
  });

  test("of a send that its worker then gives back means that it is not shipped again", async () => {
    const { worker } = await oneByOne();
    worker.write(send(1, "slow/1", ""));
    const { delivery } = await worker.next("deliver");
    worker.write(cancel(1), control({ $case: "release", value: { deliveries: [delivery] } }));
    await worker.result(1);
    await worker.barrier();
    expect(worker.taken("deliver")).toEqual([]);
  });

  test("keeps the agent's place until its worker has told the end of the turn", async () => {
    const { worker } = await oneByOne();
    worker.write(send(1, "slow/1", ""));
    const first = await worker.next("deliver");
    worker.write(cancel(1), send(2, "slow/1", ""));
    await worker.barrier();
    expect(worker.taken("deliver")).toEqual([]);
    worker.write(turnEnd(first, { ending: { kind: "done" } }));
    worker.write(turnEnd(await worker.next("deliver")));
    expect(await worker.result(2)).toEqual({ kind: "done" });
  });
});

test("a caller that leaves takes its sends back", async () => {
  const { mesh, worker } = await oneByOne();
  const caller = await mesh.worker();
  caller.write(send(1, "slow/1", "running"), send(2, "slow/1", "waiting"));
  const deliver = await worker.next("deliver");
  caller.write(control({ $case: "goodbye", value: {} }));
  expect(await worker.next("cancel-delivery")).toMatchObject({ delivery: deliver.delivery });
  worker.write(turnEnd(deliver));
  await worker.barrier();
  expect(worker.taken("deliver")).toEqual([]);
});

test("a send that the handler postpones comes again after the time, without counting an attempt", async () => {
  const { clock, worker } = await oneByOne();
  const asked = worker.ask("slow/1", "");
  const first = await worker.next("deliver");
  worker.write(turnEnd(first, { ending: { kind: "postponed", delayMs: 500, counted: false } }));
  await worker.barrier();
  expect(worker.taken("deliver")).toEqual([]);
  clock.advance(550);
  const second = await worker.next("deliver");
  expect(second).toMatchObject({ id: first.id, attempt: 1 });
  worker.write(turnEnd(second));
  expect(await asked).toEqual({ kind: "done" });
});

test("a send that the handler postpones past its deadline settles at the deadline", async () => {
  const { clock, worker } = await oneByOne();
  worker.write(send(1, "slow/1", "", { timeoutMs: 1_000 }));
  worker.write(
    turnEnd(await worker.next("deliver"), {
      ending: { kind: "postponed", delayMs: 60_000, counted: false },
    }),
  );
  await worker.barrier();
  clock.advance(1_050);
  expect(await worker.result(1)).toMatchObject({
    failure: { code: "DEADLINE_EXCEEDED", outcome: "not-executed" },
  });
});
