import { expect, test } from "vitest";
import { FakeClock } from "../../support/fake-clock.ts";
import { contentOfSize, publish, send, textOf, turnEnd } from "../../support/frames.ts";
import { hostForTest } from "../../support/host.ts";

const SURVIVOR = { hello: { resumeToken: "of-an-earlier-life-of-the-host" } };

async function restarted(settleMs = 2_000) {
  const clock = new FakeClock();
  const mesh = await hostForTest({ settleMs }, clock);
  return { clock, mesh };
}

test("a host that has just been started by no survivor refuses unknown types at once", async () => {
  const { mesh } = await restarted();
  const worker = await mesh.worker();
  expect(await worker.ask("late/1", "")).toMatchObject({ failure: { code: "AGENT_TYPE_UNKNOWN" } });
});

test("once a worker shows the token of an earlier life, sends and events wait for the others to come back", async () => {
  const { clock, mesh } = await restarted();
  const survivor = await mesh.worker([], SURVIVOR);
  expect(survivor.welcome.resumed).toBe(false);
  survivor.write(
    send(1, "late/1", "send"),
    send(2, "late/", "any key"),
    publish(1, "news/s", "event"),
  );
  expect((await survivor.next("accepted")).sequences).toEqual([1]);
  const late = await mesh.worker(["late"], { subscriptions: ["news -> late"] });
  for (const text of ["send", "any key"]) {
    const deliver = await late.next("deliver");
    expect(textOf(deliver.content)).toBe(text);
    late.write(turnEnd(deliver));
  }
  expect(await survivor.result(1)).toEqual({ kind: "done" });
  expect(await survivor.result(2)).toEqual({ kind: "done" });
  clock.advance(2_000);
  expect(textOf((await late.next("event")).content)).toBe("event");
});

test("when the time is over, what waits for a type that did not come back ends, and no send waits any more", async () => {
  const { clock, mesh } = await restarted();
  const survivor = await mesh.worker([], { ...SURVIVOR, subscriptions: ["news -> gone"] });
  survivor.write(send(1, "gone/1", ""), send(2, "gone/", ""), publish(1, "news/s", ""));
  await survivor.next("accepted");
  expect(survivor.taken("result")).toEqual([]);
  clock.advance(2_000);
  for (const request of [1, 2]) {
    expect(await survivor.result(request)).toMatchObject({
      failure: { code: "AGENT_TYPE_UNKNOWN", outcome: "not-executed" },
    });
  }
  expect(await survivor.ask("gone/1", "")).toMatchObject({
    failure: { code: "AGENT_TYPE_UNKNOWN" },
  });
  expect(await mesh.counter("events_dropped")).toBe(1);
  expect((await mesh.client.status()).queued).toBe(0);
});

test("events that wait count among what the host may hold", async () => {
  const clock = new FakeClock();
  const MIB = 1024 * 1024;
  const mesh = await hostForTest({ queuedBytes: MIB, maxPayloadBytes: MIB }, clock);
  const survivor = await mesh.worker([], SURVIVOR);
  survivor.write(publish(1, "news/s", "", { content: contentOfSize(MIB) }));
  survivor.write(publish(2, "news/s", "one too many"));
  expect(await survivor.nextControl("refused")).toMatchObject({ sequence: 2, error: { code: 16 } });
  clock.advance(2_000);
  survivor.write(publish(3, "news/s", "again"));
  await survivor.next("accepted", ({ sequences }) => sequences.includes(3));
});

test("the deadline of a send that waits runs on", async () => {
  const { clock, mesh } = await restarted();
  const survivor = await mesh.worker([], SURVIVOR);
  survivor.write(send(1, "gone/1", "", { timeoutMs: 500 }));
  await mesh.untilStatus(({ queued }) => queued === 1, "the send to wait");
  clock.advance(550);
  expect(await survivor.result(1)).toMatchObject({
    failure: { code: "DEADLINE_EXCEEDED", outcome: "not-executed" },
  });
  clock.advance(1_450);
  await survivor.barrier();
});

test("a token that comes after the time makes nobody wait", async () => {
  const { clock, mesh } = await restarted();
  clock.advance(2_000);
  const survivor = await mesh.worker([], SURVIVOR);
  expect(await survivor.ask("gone/1", "")).toMatchObject({
    failure: { code: "AGENT_TYPE_UNKNOWN" },
  });
});

test("a host that is told not to settle does not", async () => {
  const { mesh } = await restarted(0);
  const survivor = await mesh.worker([], SURVIVOR);
  expect(await survivor.ask("gone/1", "")).toMatchObject({
    failure: { code: "AGENT_TYPE_UNKNOWN" },
  });
});

test("calls of clients wait like those of workers", async () => {
  const { mesh } = await restarted();
  await mesh.worker([], SURVIVOR);
  const call = mesh.client.send("late/1", "", { headers: { "agentmesh-namespace": "blue" } });
  await mesh.untilStatus(({ queued }) => queued === 1, "the send to wait");
  const late = await mesh.worker(["late"], { hello: { namespace: "blue" } });
  late.write(turnEnd(await late.next("deliver")));
  expect((await call.outcome).kind).toBe("ok");
});
