import { FakeClock } from "@agentmesh/proto/testing";
import { expect, test } from "vitest";
import { contentOfSize, publish, send, textOf, turnEnd } from "../../support/frames.ts";
import { hostForTest } from "../../support/host.ts";

const SURVIVOR = { hello: { resumeToken: "of-an-earlier-life-of-the-host" } };

async function restarted(settleMs = 2_000) {
  const clock = new FakeClock();
  const mesh = await hostForTest({ settleMs }, clock);
  return { clock, mesh };
}

test("a host to which no survivor has come refuses unknown types at once, also to clients", async () => {
  const { mesh } = await restarted();
  const worker = await mesh.worker();
  expect(await worker.ask("late/1", "")).toMatchObject({ failure: { code: "AGENT_TYPE_UNKNOWN" } });
  expect(await mesh.client.send("late/1", "").outcome).toMatchObject({
    error: { code: "AGENT_TYPE_UNKNOWN", retryable: true },
  });
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
  const anyKey = await late.next("deliver");
  expect(textOf(anyKey.content)).toBe("any key");
  late.write(turnEnd(anyKey));
  expect(await survivor.result(2)).toEqual({ kind: "done" });
  expect(late.taken("deliver")).toEqual([]);
  clock.advance(2_000);
  const byKey = await late.next("deliver");
  expect(textOf(byKey.content)).toBe("send");
  late.write(turnEnd(byKey));
  expect(await survivor.result(1)).toEqual({ kind: "done" });
  expect(textOf((await late.next("event")).content)).toBe("event");
});

test("an agent is not placed anew while the worker that has it may still come back", async () => {
  const { clock, mesh } = await restarted();
  const first = await mesh.worker(["a"], SURVIVOR);
  first.write(send(1, "a/kept", "for who has it"), send(2, "a/lost", "for nobody"));
  await mesh.untilStatus(({ queued }) => queued === 2, "the sends to wait");
  const second = await mesh.worker(["a"], {
    hello: { ...SURVIVOR.hello, activations: [{ number: 7, agent: { type: "a", key: "kept" } }] },
  });
  expect(second.welcome.adopted).toEqual([7]);
  const kept = await second.next("deliver");
  expect([textOf(kept.content), kept.activation]).toEqual(["for who has it", 7]);
  expect(first.taken("deliver")).toEqual([]);
  clock.advance(2_000);
  const [holder, lost] = await Promise.race(
    [first, second].map(async (worker) => [worker, await worker.next("deliver")] as const),
  );
  expect(textOf(lost.content)).toBe("for nobody");
  second.write(turnEnd(kept));
  holder.write(turnEnd(lost));
  expect(await first.result(1)).toEqual({ kind: "done" });
  expect(await first.result(2)).toEqual({ kind: "done" });
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
  const { clock, mesh } = await restarted();
  await mesh.worker([], SURVIVOR);
  const call = mesh.client.send("late/1", "", { headers: { "agentmesh-namespace": "blue" } });
  await mesh.untilStatus(({ queued }) => queued === 1, "the send to wait");
  const late = await mesh.worker(["late"], { hello: { namespace: "blue" } });
  clock.advance(2_000);
  late.write(turnEnd(await late.next("deliver")));
  expect((await call.outcome).kind).toBe("ok");
});
