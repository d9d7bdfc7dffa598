import { status as Status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import type { FrameOf } from "../../support/frame-mail.ts";
import {
  chunk,
  control,
  done,
  fail,
  postpone,
  publish,
  reply,
  send,
  turnEnd,
} from "../../support/frames.ts";
import { hostForTest } from "../../support/host.ts";

/** A worker whose first activation of `a/1` has ended and whose second is in a turn. */
async function twoActivations() {
  const mesh = await hostForTest();
  const caller = await mesh.worker();
  const worker = await mesh.worker(["a"], { subscriptions: ["news -> a"] });
  caller.write(send(1, "a/1", ""));
  const old = await worker.next("deliver");
  worker.write(turnEnd(old), control({ $case: "idle", value: { activations: [old.activation] } }));
  await worker.nextControl("deactivate");
  await caller.result(1);
  caller.write(send(2, "a/1", "", { streamChunks: 9, streamBytes: 9_000 }));
  const current = await worker.next("deliver");
  /** The running turn as the ended activation would name it. */
  const stale: FrameOf<"deliver"> = { ...current, activation: old.activation };
  return { mesh, caller, worker, old, current, stale };
}

describe("in the name of an activation that has ended,", () => {
  test.each<[string, (turn: FrameOf<"deliver">) => Parameters<typeof turnEnd>[1]]>([
    ["a reply", () => ({ ending: { kind: "reply", content: Buffer.of(1) } })],
    ["an end without reply", () => ({})],
    ["a failure", (turn) => fail(turn, "HANDLER_FAILED")],
    ["a postponement", (turn) => postpone(turn, 1)],
    ["a reply that brings publishes", () => ({ publishes: [publish(1, "news/s", "")] })],
  ])("%s changes nothing", async (_name, fields) => {
    const { mesh, caller, worker, current, stale } = await twoActivations();
    worker.write({ ...turnEnd(stale, fields(stale)), activation: stale.activation });
    await worker.barrier();
    await caller.barrier();
    expect(caller.taken("result")).toEqual([]);
    expect(worker.taken("event")).toEqual([]);
    expect(await mesh.counter("stale_frames")).toBeGreaterThan(0);
    worker.write(turnEnd(current));
    expect(await caller.result(2)).toEqual({ kind: "done" });
  });

  test("a chunk and a Done change nothing", async () => {
    const { mesh, caller, worker, current, stale } = await twoActivations();
    worker.write(chunk(stale, "forged"), done(stale));
    await worker.barrier();
    expect(await mesh.counter("stale_frames")).toBe(2);
    worker.write(turnEnd(current));
    expect(await caller.result(2)).toEqual({ kind: "done" });
    expect(caller.taken("chunk")).toEqual([]);
  });

  test("a send is refused with ACTIVATION_STALE", async () => {
    const { worker, old } = await twoActivations();
    worker.write(
      send(10, "a/2", "", { activation: old.activation }),
      send(11, "a/2", "", { activation: old.activation, parent: old.delivery }),
      send(12, "a/2", "", { parent: old.delivery }),
    );
    for (const request of [10, 11, 12]) {
      expect(await worker.result(request)).toMatchObject({
        failure: { code: "ACTIVATION_STALE", outcome: "not-executed", retryable: false },
      });
    }
    expect(worker.taken("deliver")).toEqual([]);
  });

  test("a publish is refused with ACTIVATION_STALE", async () => {
    const { worker, old } = await twoActivations();
    worker.write(publish(1, "news/s", "", { activation: old.activation }));
    const { sequence, error } = await worker.nextControl("refused");
    expect([sequence, error?.code]).toEqual([1, 13]);
    await worker.barrier();
    expect(worker.taken("event")).toEqual([]);
  });
});

test("a turn that has ended cannot end again", async () => {
  const { mesh, caller, worker, current } = await twoActivations();
  worker.write(reply(current, "once"), reply(current, "twice"), fail(current, "HANDLER_FAILED"));
  expect(await caller.result(2)).toMatchObject({ kind: "reply" });
  await worker.barrier();
  await caller.barrier();
  expect(caller.taken("result")).toEqual([]);
  expect(await mesh.counter("stale_frames")).toBe(2);
});

test("a delivery that never was cannot end", async () => {
  const { mesh, worker, current } = await twoActivations();
  worker.write(turnEnd({ delivery: 4711, activation: current.activation }));
  await worker.barrier();
  expect(await mesh.counter("stale_frames")).toBe(1);
});

describe("nobody speaks as someone else:", () => {
  test("a send in the name of an activation of another session ends the session with FORBIDDEN", async () => {
    const { mesh, worker, current } = await twoActivations();
    const forger = await mesh.worker(["a"]);
    forger.write(send(1, "a/2", "", { activation: current.activation }));
    expect(await forger.ended).toMatchObject({
      status: Status.PERMISSION_DENIED,
      error: { code: "FORBIDDEN" },
    });
    expect((await forger.resume()).resumed).toBe(false);
    worker.write(send(20, "a/2", "", { activation: current.activation }));
    expect((await worker.next("deliver")).sender?.text).toBe("a/1");
  });

  test("so does a publish", async () => {
    const { mesh, worker, current } = await twoActivations();
    const forger = await mesh.worker();
    forger.write(publish(1, "news/s", "", { activation: current.activation }));
    expect((await forger.ended).error?.code).toBe("FORBIDDEN");
    await worker.barrier();
    expect(worker.taken("event")).toEqual([]);
  });

  test("so does a worker of another namespace", async () => {
    const { mesh, current } = await twoActivations();
    const forger = await mesh.worker([], { hello: { namespace: "other" } });
    forger.write(send(1, "a/2", "", { activation: current.activation }));
    expect((await forger.ended).error?.code).toBe("FORBIDDEN");
  });

  test("a send that names the delivery of another agent as its turn starts a chain of its own", async () => {
    const mesh = await hostForTest({ agentWindow: 1 });
    const worker = await mesh.worker(["a"]);
    worker.write(send(1, "a/1", ""), send(2, "a/2", ""));
    const [one, two] = [await worker.next("deliver"), await worker.next("deliver")];
    worker.write(send(3, "a/2", "", { activation: one.activation, parent: two.delivery }));
    await worker.barrier();
    // A nested send would not wait for the turn of a/2.
    expect(worker.taken("deliver")).toEqual([]);
    worker.write(turnEnd(two));
    expect(await worker.next("deliver")).toMatchObject({ reenters: 0, sender: { key: "1" } });
  });

  test("the end of another session's delivery is no word of this one", async () => {
    const { mesh, caller, worker, current } = await twoActivations();
    const forger = await mesh.worker(["b"]);
    forger.write(reply(current, "forged"), chunk(current, "forged"), done(current));
    forger.write(control({ $case: "release", value: { deliveries: [current.delivery] } }));
    await forger.barrier();
    worker.write(turnEnd(current));
    expect(await caller.result(2)).toEqual({ kind: "done" });
    expect(caller.taken("chunk")).toEqual([]);
  });
});
