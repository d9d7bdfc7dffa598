import { describe, expect, test } from "vitest";
import { control, textOf, turnEnd } from "../../support/frames.ts";
import { hostForTest } from "../../support/host.ts";
import { within } from "../../support/waiting.ts";

describe("a worker that someone drains", () => {
  test("loses its agents when their turns have ended, and then the answer comes", async () => {
    const mesh = await hostForTest();
    const [caller, worker] = [await mesh.worker(), await mesh.worker(["a"])];
    const asked = caller.ask("a/1", "first");
    const first = await worker.next("deliver");
    const draining = mesh.client.drainWorker(worker.welcome.sessionId);
    const other = await mesh.worker(["a"]);
    const next = caller.ask("a/1", "second");
    await mesh.untilStatus(({ queued }) => queued === 1, "the second message to wait");
    worker.write(turnEnd(first));
    const second = await other.next("deliver");
    expect(textOf(second.content)).toBe("second");
    other.write(turnEnd(second));
    expect(await draining.outcome).toMatchObject({ kind: "ok" });
    expect(await Promise.all([asked, next])).toEqual([{ kind: "done" }, { kind: "done" }]);
    const { workers } = await mesh.client.workers();
    const phases = new Map(workers.map(({ sessionId, phase }) => [sessionId, phase]));
    expect(phases.get(worker.welcome.sessionId)).toBe(4);
  });

  test("and asks to drain as well: both are answered", async () => {
    const mesh = await hostForTest();
    const worker = await mesh.worker(["a"]);
    const asked = worker.ask("a/1", "");
    const deliver = await worker.next("deliver");
    const draining = mesh.client.drainWorker(worker.welcome.sessionId);
    await mesh.client.status();
    worker.write(control({ $case: "drain", value: { request: 7 } }), turnEnd(deliver));
    expect(await worker.nextControl("answer")).toEqual({ request: 7, error: undefined });
    expect(await draining.outcome).toMatchObject({ kind: "ok" });
    await asked;
  });

  test("and dies: its agents have left it, too", async () => {
    const mesh = await hostForTest();
    const [caller, worker] = [await mesh.worker(), await mesh.worker(["a"])];
    const asked = caller.ask("a/1", "");
    await worker.next("deliver");
    const draining = mesh.client.drainWorker(worker.welcome.sessionId);
    await mesh.client.status();
    await worker.leave();
    expect(await draining.outcome).toMatchObject({ kind: "ok" });
    expect(await asked).toMatchObject({ failure: { code: "WORKER_LOST" } });
  });

  test.each(["", "nobody"])("is not found as %j, nor in another namespace", async (sessionId) => {
    const mesh = await hostForTest();
    const worker = await mesh.worker(["a"]);
    const notFound = { error: { code: "NOT_FOUND" } };
    expect(await mesh.client.drainWorker(sessionId).outcome).toMatchObject(notFound);
    const headers = { "agentmesh-namespace": "other" };
    const elsewhere = mesh.client.drainWorker(worker.welcome.sessionId, { headers });
    expect(await elsewhere.outcome).toMatchObject(notFound);
  });
});

test("a host that someone drains answers, lets work finish and ends", async () => {
  const mesh = await hostForTest();
  const worker = await mesh.worker(["a"]);
  const asked = worker.ask("a/1", "");
  const deliver = await worker.next("deliver");
  expect(await mesh.client.drainHost(60_000).outcome).toMatchObject({ kind: "ok" });
  expect(await worker.nextControl("drain")).toMatchObject({ graceMs: 60_000 });
  expect((await mesh.client.status()).draining).toBe(true);
  worker.write(turnEnd(deliver));
  expect(await asked).toEqual({ kind: "done" });
  await within(mesh.host.drain(), () => "the host to have drained");
});
