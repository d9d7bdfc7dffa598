/** What a worker asks of its host, when the host answers in part, late or never. */
import { failure } from "@agentmesh/proto";
import { toErrorMessage, type WorkerControl } from "@agentmesh/proto/wire";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { defineAgent } from "./agent/define-agent.ts";
import type { WaitOptions } from "./runtime/patience.ts";
import type { FakeStream } from "./test-doubles/fake-host.ts";
import { Note } from "./test-doubles/messages.ts";
import { agree, isKind, until, WorkerRig } from "./test-doubles/worker-rig.ts";
import type { Worker } from "./worker.ts";

const listener = defineAgent("worker", {
  subscriptions: ["news"],
  handlers: (on) => [on(Note, () => {})],
});

let rig: WorkerRig;

beforeEach(async () => {
  rig = await WorkerRig.start();
});

afterEach(() => rig.stop());

type Question = "registerAgentType" | "unregisterAgentType" | "subscribe" | "unsubscribe";

/** Takes the next question, which must be of this case. @returns its number. */
async function asked(stream: FakeStream, name: Question): Promise<number> {
  return (await stream.controlOf(name)).value.request;
}

/** Answers the next questions, which must be these. */
async function answer(stream: FakeStream, ...names: Question[]): Promise<void> {
  for (const name of names) stream.sayControl(agree(await asked(stream, name)));
}

/** Waits until the worker has taken everything that was said. */
async function heard(stream: FakeStream): Promise<void> {
  stream.sendBatch([{ kind: "control", control: { $case: "ping", value: { nonce: 1 } } }], 0, 0);
  while ((await stream.unnumbered()).$case !== "pong");
}

/** The host is lost and another one, which knows nothing, takes the worker. */
async function forgotten(worker: Worker, stream: FakeStream): Promise<FakeStream> {
  await heard(stream);
  await rig.cut(worker, stream);
  const next = await rig.nextStream();
  next.welcome({ resumed: false });
  await until(worker, isKind("connected"));
  return next;
}

describe("a host that is lost after half of its answers", () => {
  test("leaves a registration whose type the next one is told, and whose rest it is asked for", async () => {
    const { worker, stream } = await rig.connected();
    const registering = worker.register(listener);
    await answer(stream, "registerAgentType");
    await asked(stream, "subscribe");
    const next = await forgotten(worker, stream);
    expect(next.hello).toMatchObject({ agentTypes: [{ name: "worker" }], subscriptions: [] });
    await answer(next, "subscribe");
    await registering;
    expect(next.unseen).toBe(0);
  });

  test("leaves a registration whose subscription the next one is told, and whose type it is asked for", async () => {
    const { worker, stream } = await rig.connected();
    const registering = worker.register(listener);
    await asked(stream, "registerAgentType");
    await answer(stream, "subscribe");
    const next = await forgotten(worker, stream);
    expect(next.hello).toMatchObject({ agentTypes: [], subscriptions: [{ id: "s1" }] });
    await answer(next, "registerAgentType");
    await registering;
  });

  test.each([
    ["unregisterAgentType", "unsubscribe", "SUBSCRIPTION_UNKNOWN"],
    ["unsubscribe", "unregisterAgentType", "AGENT_TYPE_UNKNOWN"],
  ] as const)("leaves nothing of what was taken back: %s is answered", async (done, open, code) => {
    const { worker, stream } = await rig.connected();
    const registering = worker.register(listener);
    await answer(stream, "registerAgentType", "subscribe");
    await registering;
    const leaving = worker.unregister("worker");
    for (const name of ["unsubscribe", "unregisterAgentType"] as const) {
      const request = await asked(stream, name);
      if (name === done) stream.sayControl(agree(request));
    }
    const next = await forgotten(worker, stream);
    expect(next.hello).toMatchObject({ agentTypes: [], subscriptions: [] });
    const error = toErrorMessage(failure(code));
    const request = await asked(next, open);
    next.sayControl({ $case: "answer", value: { request, error } });
    await leaving;
    await expect(worker.unregister("worker")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

interface Waiting {
  readonly name: Question;
  begin(worker: Worker, options: WaitOptions): Promise<unknown>;
}

const WAITING: readonly Waiting[] = [
  { name: "registerAgentType", begin: (worker, options) => worker.register(listener, options) },
  { name: "unsubscribe", begin: (worker, options) => worker.unsubscribe("s1", options) },
  { name: "unsubscribe", begin: (worker, options) => worker.unregister("worker", options) },
  { name: "subscribe", begin: (worker, options) => worker.subscribe({ type: "n" }, "w", options) },
];

describe.each(WAITING)("an answer to $name that does not come", ({ name, begin }) => {
  /** A worker that has what it takes to ask. */
  async function ready() {
    const { worker, stream } = await rig.connected();
    if (name === "unsubscribe") {
      const registering = worker.register(listener);
      await answer(stream, "registerAgentType", "subscribe");
      await registering;
    }
    return { worker, stream, timers: rig.clock.pending };
  }

  /** A worker that has begun to wait. */
  async function waiting(options: WaitOptions) {
    const { worker, stream, timers } = await ready();
    const call = begin(worker, options);
    call.catch(() => undefined);
    await asked(stream, name);
    expect(rig.clock.pending).toBe(timers + 1);
    return { worker, stream, call, timers };
  }

  test("is waited for as long as the caller says", async () => {
    const { call, timers } = await waiting({ timeoutMs: 700 });
    rig.clock.advance(699);
    rig.clock.advance(1);
    await expect(call).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED", retryable: true });
    expect(rig.clock.pending).toBe(timers);
  });

  test("is waited for 30 s by default, also without a host", async () => {
    const { worker, stream, call } = await waiting({});
    await rig.cut(worker, stream);
    rig.host.refuse = () => failure("HOST_DRAINING");
    rig.clock.advance(29_000);
    const early = await Promise.race([call, new Promise((resolve) => setImmediate(resolve, "no"))]);
    expect(early).toBe("no");
    rig.clock.advance(1_000);
    await expect(call).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  });

  test("is given up when the caller does", async () => {
    const abort = new AbortController();
    const { call, timers } = await waiting({ signal: abort.signal });
    abort.abort("enough");
    await expect(call).rejects.toMatchObject({ code: "CANCELLED", cause: "enough" });
    expect(rig.clock.pending).toBe(timers);
  });

  test("is not asked for when the caller has given up before", async () => {
    const { worker, stream, timers } = await ready();
    const call = begin(worker, { signal: AbortSignal.abort("before") });
    await expect(call).rejects.toMatchObject({ code: "CANCELLED", cause: "before" });
    expect(rig.clock.pending).toBe(timers);
    await heard(stream);
    expect(stream.unseen).toBe(0);
  });
});

test.each([0, -1, Number.NaN, 2 ** 32])("nobody can wait for %s ms", async (timeoutMs) => {
  const { worker } = await rig.connected();
  await expect(worker.register(listener, { timeoutMs })).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
    message: expect.stringContaining("timeoutMs"),
  });
});

describe("a registration that was given up", () => {
  const said = async (stream: FakeStream, count: number): Promise<string[]> => {
    const cases: WorkerControl["$case"][] = [];
    while (cases.length < count) cases.push((await stream.frameOf("control")).control.$case);
    return cases;
  };

  test("is taken back in this session, and may be tried again at once", async () => {
    const { worker, stream } = await rig.connected();
    const call = worker.register(listener, { timeoutMs: 100 });
    call.catch(() => undefined);
    expect(await said(stream, 2)).toEqual(["registerAgentType", "subscribe"]);
    rig.clock.advance(100);
    await expect(call).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    const again = worker.register(listener);
    expect(await said(stream, 2)).toEqual(["unregisterAgentType", "unsubscribe"]);
    await answer(stream, "registerAgentType", "subscribe");
    await again;
  });

  test("is not asked for in the next one", async () => {
    const { worker, stream } = await rig.connected();
    const call = worker.register(listener, { timeoutMs: 100 });
    call.catch(() => undefined);
    rig.clock.advance(100);
    await expect(call).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    const next = await forgotten(worker, stream);
    expect(next.hello).toMatchObject({ agentTypes: [], subscriptions: [] });
    await heard(next);
    expect(next.unseen).toBe(0);
  });
});

test("an unregistration that was given up can be repeated, and is not undone by a new host", async () => {
  const { worker, stream } = await rig.connected();
  const registering = worker.register(listener);
  await answer(stream, "registerAgentType", "subscribe");
  await registering;
  const call = worker.unregister("worker", { timeoutMs: 100 });
  call.catch(() => undefined);
  rig.clock.advance(100);
  await expect(call).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED", outcome: "unknown" });
  const next = await forgotten(worker, stream);
  expect(next.hello).toMatchObject({ agentTypes: [], subscriptions: [] });
  const again = worker.unregister("worker");
  for (const [name, code] of [
    ["unsubscribe", "SUBSCRIPTION_UNKNOWN"],
    ["unregisterAgentType", "AGENT_TYPE_UNKNOWN"],
  ] as const) {
    const request = await asked(next, name);
    next.sayControl({
      $case: "answer",
      value: { request, error: toErrorMessage(failure(code)) },
    });
  }
  await again;
});

test("the end of a durable subscription that was given up is not undone by a new host, and can be repeated", async () => {
  const { worker, stream } = await rig.connected();
  const subscribing = worker.subscribe({ type: "news" }, "worker", { durable: { name: "kept" } });
  await answer(stream, "subscribe");
  const id = await subscribing;
  const call = worker.unsubscribe(id, { timeoutMs: 100 });
  call.catch(() => undefined);
  const { durableName } = (await stream.controlOf("unsubscribe")).value;
  expect(durableName).toBe("kept");
  rig.clock.advance(100);
  await expect(call).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  const next = await forgotten(worker, stream);
  expect(next.hello.subscriptions).toEqual([]);
  const again = worker.unsubscribe(id);
  const request = await asked(next, "unsubscribe");
  const error = toErrorMessage(failure("SUBSCRIPTION_UNKNOWN"));
  next.sayControl({ $case: "answer", value: { request, error } });
  await again;
  await expect(worker.unsubscribe(id)).rejects.toMatchObject({ code: "SUBSCRIPTION_UNKNOWN" });
});
