import { AgentId, AppError, agentId, ERROR_TABLE, MeshError } from "@agentmesh/proto";
import { encodeContent } from "@agentmesh/proto/wire";
import { expect, test } from "vitest";
import type { AgentContext } from "../agent/context.ts";
import { defineAgent } from "../agent/define-agent.ts";
import { Ask, Count, Note, Tell } from "../test-doubles/messages.ts";
import { Gate, jsonContent, jsonOf, scripted, settled } from "../test-doubles/scripted-mesh.ts";

const ask = (n: number) => jsonContent("test.Ask", { n });
const note = (n: number) => jsonContent("test.Note", { n });

test("a handler that returns at once ends its turn within the delivery", async () => {
  const { runtime, mesh, deliver } = scripted();
  await runtime.register(
    defineAgent("worker", { handlers: (on) => [on(Ask, ({ n }) => ({ n: n + 1 }))] }),
  );
  const delivery = deliver({ content: ask(1), activation: 7 });
  expect(mesh.ends).toMatchObject([{ delivery, activation: 7, ending: { kind: "reply" } }]);
  expect(mesh.endings).toEqual(['1: {"n":2}']);
});

test("what a handler throws becomes the failure that its code names", async () => {
  const { runtime, mesh, deliver } = scripted();
  const errors = [
    new AppError("sold-out", "nothing left", { item: 3 }),
    new TypeError("oh"),
    new MeshError({ ...failureLike("WORKER_LOST") }),
    "just text",
  ];
  await runtime.register(
    defineAgent("worker", {
      handlers: (on) => [
        on(Note, ({ n }) => {
          throw errors[n];
        }),
      ],
    }),
  );
  for (const index of errors.keys()) deliver({ content: note(index) });
  expect(mesh.ends.map(({ ending }) => ending)).toMatchObject([
    { failure: { code: "APPLICATION", appCode: "sold-out", text: "nothing left" } },
    {
      failure: { code: "HANDLER_FAILED", text: "oh", stack: expect.stringContaining("TypeError") },
    },
    { failure: { code: "HANDLER_FAILED", text: expect.stringContaining("WORKER_LOST") } },
    { failure: { code: "HANDLER_FAILED", text: "threw just text", outcome: "executed" } },
  ]);
  expect(runtime.counters.failedTurns).toBe(4);
});

function failureLike(code: keyof typeof ERROR_TABLE) {
  const { outcome, retryable, text } = ERROR_TABLE[code];
  return {
    code,
    text,
    outcome,
    retryable,
    appCode: "",
    details: undefined,
    retryAfterMs: 0,
    stack: "",
  };
}

test("a send without handler fails; an event without handler is done and counted", async () => {
  const { runtime, mesh, deliver, event } = scripted();
  await runtime.register(defineAgent("worker", { handlers: (on) => [on(Ask, () => ({ n: 1 }))] }));
  deliver({ content: note(1) });
  const delivery = event(note(1), { activation: 4 });
  expect(mesh.endings).toEqual(["1: MESSAGE_UNHANDLED"]);
  expect(mesh.numbersOf("done")).toEqual([[4, delivery]]);
  expect(runtime.counters.unhandledEvents).toBe(1);
});

test("a payload that does not fit fails for good", async () => {
  const { runtime, mesh, deliver, event } = scripted();
  await runtime.register(
    defineAgent("worker", { handlers: (on) => [on(Ask, () => ({ n: 1 })), on(Note, () => {})] }),
  );
  deliver({ content: jsonContent("test.Ask", { n: "one" }) });
  event(jsonContent("test.Note", {}), {});
  event(Buffer.from([0xff, 0xff]), {});
  expect(mesh.ends).toMatchObject(
    [1, 2, 3].map((delivery) => ({
      delivery,
      permanent: true,
      ending: { failure: { code: "PAYLOAD_INVALID", outcome: "not-executed" } },
    })),
  );
});

test("a reply that does not fit its type is the handler's failure", async () => {
  const { runtime, mesh, deliver } = scripted();
  const wrong = { n: "two" } as unknown as { n: number };
  await runtime.register(defineAgent("worker", { handlers: (on) => [on(Ask, async () => wrong)] }));
  deliver({ content: ask(1) });
  await settled();
  expect(mesh.ends[0]?.ending).toMatchObject({
    failure: { code: "HANDLER_FAILED", outcome: "executed" },
  });
});

test("send and handler must agree on whether a stream answers", async () => {
  const { runtime, mesh, deliver } = scripted();
  await runtime.register(
    defineAgent("worker", {
      handlers: (on) => [on(Ask, () => ({ n: 1 })), on(Tell, async function* () {})],
    }),
  );
  deliver({ content: ask(1), streamChunks: 8, streamBytes: 100 });
  deliver({ content: jsonContent("test.Tell", { n: 1 }) });
  expect(mesh.endings).toEqual(["1: INVALID_ARGUMENT", "2: INVALID_ARGUMENT"]);
});

test("expired work does not start", async () => {
  const { runtime, mesh, clock, deliver } = scripted();
  const gate = new Gate();
  const started: number[] = [];
  await runtime.register(
    defineAgent("worker", {
      handlers: (on) => [
        on(Note, async ({ n }) => {
          started.push(n);
          await gate.passed;
        }),
      ],
    }),
  );
  deliver({ content: note(1) });
  deliver({ content: note(2), timeoutMs: 100 });
  clock.advance(150);
  gate.open();
  await settled();
  expect(started).toEqual([1]);
  expect(mesh.ends[1]).toMatchObject({
    delivery: 2,
    ending: { failure: { code: "DEADLINE_EXCEEDED", outcome: "not-executed", retryable: true } },
  });
});

test("a cancelled delivery that waits ends at once, one that runs is told to stop", async () => {
  const { runtime, mesh, core, deliver } = scripted();
  let reason: unknown;
  await runtime.register(
    defineAgent("worker", {
      handlers: (on) => [
        on(Note, async (_, { signal }) => {
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
          reason = signal.reason;
          throw signal.reason;
        }),
      ],
    }),
  );
  deliver({ content: note(1) });
  deliver({ content: note(2) });
  core.cancelDelivery(2, "CANCELLED");
  expect(mesh.ends).toMatchObject([
    { delivery: 2, ending: { failure: { code: "CANCELLED", outcome: "not-executed" } } },
  ]);
  core.cancelDelivery(1, "DEADLINE_EXCEEDED");
  await settled();
  expect(reason).toMatchObject({ code: "DEADLINE_EXCEEDED" });
  expect(mesh.endings).toEqual(["2: CANCELLED", "1: DEADLINE_EXCEEDED"]);
});

test("the signal fires when the time of the message is up, also when it is looked at later", async () => {
  const { runtime, clock, deliver } = scripted();
  const gate = new Gate();
  const late = new Gate();
  const reasons: unknown[] = [];
  await runtime.register(
    defineAgent("worker", {
      handlers: (on) => [
        on(Note, async ({ n }, ctx) => {
          const early = n === 1 ? ctx.signal : undefined;
          await gate.passed;
          reasons.push((early ?? ctx.signal).reason);
          late.open();
        }),
      ],
    }),
  );
  deliver({ content: note(1), timeoutMs: 100 });
  deliver({ content: note(2), timeoutMs: 100, activation: 2 });
  clock.advance(200);
  gate.open();
  await late.passed;
  await settled();
  expect(reasons).toMatchObject([{ code: "DEADLINE_EXCEEDED" }, { code: "DEADLINE_EXCEEDED" }]);
});

test("a turn that does not end is told to stop, then abandoned, and what waits is given back", async () => {
  const { runtime, mesh, clock, deliver, event, core } = scripted();
  let seen: AgentContext<undefined> | undefined;
  const end = new Gate();
  await runtime.register(
    defineAgent("worker", {
      maxTurnMs: 5_000,
      handlers: (on) => [
        on(Note, async (_, ctx) => {
          seen = ctx;
          await end.passed;
        }),
      ],
    }),
  );
  deliver({ content: note(1), activation: 5 });
  deliver({ content: note(2), activation: 5 });
  event(note(3), { activation: 5 });
  clock.advance(5_020);
  expect(seen?.signal.reason).toMatchObject({ code: "TURN_ABANDONED" });
  expect(mesh.ends).toEqual([]);
  clock.advance(1_020);
  expect(mesh.ends).toMatchObject([
    { delivery: 1, permanent: true, ending: { failure: { code: "TURN_ABANDONED" } } },
  ]);
  expect(mesh.numbersOf("release")).toEqual([[2, 3]]);
  expect(runtime.activeAgents).toBe(0);

  // What is still on its way must not bring the activation back.
  event(note(4), { activation: 5 });
  deliver({ content: note(5), activation: 5 });
  expect(mesh.numbersOf("release")).toEqual([[2, 3], [4]]);
  expect(mesh.endings).toEqual(["1: TURN_ABANDONED", "5: ACTIVATION_STALE"]);
  core.deactivate([5]);

  // Its handler goes on, and nobody is told.
  await expect(seen?.send(agentId("other", "k"), Note({ n: 1 }))).rejects.toMatchObject({
    code: "ACTIVATION_STALE",
  });
  end.open();
  await settled();
  expect(mesh.ends).toHaveLength(2);
  expect(runtime.activeAgents).toBe(0);
});

test("a context tells what there is to know", async () => {
  const { runtime, clock, mesh, core } = scripted();
  const seen: AgentContext<{ turns: number }>[] = [];
  const details: unknown[] = [];
  await runtime.register(
    defineAgent("worker", {
      state: { initial: () => ({ turns: 0 }) },
      handlers: (on) => [
        on(Ask, (_, ctx) => {
          ctx.state.turns++;
          seen.push(ctx);
          details.push({ deadline: ctx.deadline, kind: ctx.kind, id: ctx.messageId });
          return { n: ctx.state.turns };
        }),
        on(Note, (_, ctx) => {
          const { kind, messageId: id, resent, attempt, firstDeliveredAt } = ctx;
          const topic = ctx.topic?.toString();
          details.push({ topic, kind, id, resent, attempt, firstDeliveredAt });
          ctx.state = { turns: 10 };
        }),
      ],
    }),
  );
  const content = encodeContent({
    messageType: "test.Ask",
    contentType: "",
    data: Buffer.from('{"n":1}'),
    traceparent: "",
    tracestate: "",
    metadata: { tenant: "blue" },
    messageId: "mine",
  });
  const sender = new AgentId("boss", "b");
  const frame = { activation: 9, content, sender, timeoutMs: 250, id: 77, attempt: 2 };
  core.deliver({ ...EMPTY, ...frame });
  expect(seen[0]).toMatchObject({
    activation: 9,
    attempt: 2,
    resent: false,
    metadata: { tenant: "blue" },
    sender,
    topic: undefined,
  });
  expect(seen[0]?.self.text).toBe("worker/k");
  core.event({
    kind: "event",
    id: 78,
    topic: {
      type: "news",
      source: "k",
      encoded: new Uint8Array(),
      toString: () => "news/k",
    } as never,
    content: note(1),
    sender: undefined,
    targets: [
      {
        delivery: 2,
        activation: 9,
        agent: EMPTY.target,
        attempt: 3,
        lane: 0,
        durable: false,
        firstDeliveredUnixMs: 12,
        redelivered: false,
      },
    ],
    resent: true,
    acceptedUnixMs: 0,
  });
  expect(details).toEqual([
    { deadline: clock.unixMs() + 250, kind: "send", id: "mine" },
    { topic: "news/k", kind: "event", id: "78", resent: true, attempt: 3, firstDeliveredAt: 12 },
  ]);
  core.deliver({ ...EMPTY, activation: 9, delivery: 3, content: ask(1) });
  expect(seen[1]?.deadline).toBeUndefined();
  expect(seen[1]?.metadata).toEqual({});
  expect(mesh.endings).toEqual(['1: {"n":1}', '3: {"n":11}']);
});

const EMPTY = {
  kind: "deliver",
  delivery: 1,
  activation: 1,
  target: new AgentId("worker", "k"),
  content: new Uint8Array(0),
  sender: undefined,
  timeoutMs: 0,
  id: 1,
  attempt: 1,
  reenters: 0,
  streamChunks: 0,
  streamBytes: 0,
} as const;

test("within a turn a send gets what is left of its time, and bears its delivery", async () => {
  const { runtime, clock, mesh, deliver, settle } = scripted();
  const gate = new Gate();
  let later: AgentContext<undefined> | undefined;
  await runtime.register(
    defineAgent("worker", {
      handlers: (on) => [
        on(Ask, async (_, ctx) => {
          later ??= ctx;
          await gate.passed;
          return ctx.send(agentId("other", "k"), Ask({ n: 1 }));
        }),
      ],
    }),
  );
  deliver({ content: ask(1), activation: 6, timeoutMs: 1_000 });
  clock.advance(400);
  gate.open();
  await settled();
  expect(mesh.sends).toMatchObject([{ activation: 6, parent: 1, timeoutMs: 600 }]);
  settle(1, { kind: "reply", content: jsonContent(Count.messageName, { n: 5 }) });
  await settled();
  expect(mesh.endings).toEqual(['1: {"n":5}']);

  // What is left may be more than sends get otherwise.
  deliver({ content: ask(1), activation: 7, timeoutMs: 120_000, target: agentId("worker", "z") });
  await settled();
  expect(mesh.sends[1]).toMatchObject({ parent: 2, timeoutMs: 120_000 });

  // A context that outlives its turn speaks for its agent, and for no turn.
  void later?.send(agentId("other", "k"), Ask({ n: 2 })).catch(() => undefined);
  expect(mesh.sends[2]).toMatchObject({ activation: 6, parent: 0, timeoutMs: 30_000 });
});

test("who is told to stop stops those it waits for", async () => {
  const { runtime, core, mesh, deliver } = scripted();
  const other = agentId("other", "k");
  await runtime.register(
    defineAgent("worker", {
      handlers: (on) => [on(Note, (_, ctx) => ctx.send(other, Note({ n: 1 })))],
    }),
  );
  deliver({ content: note(1) });
  deliver({ content: note(1), activation: 2 });
  core.cancelDelivery(1, "CANCELLED");
  await settled();
  expect(mesh.numbersOf("cancel")).toEqual([[1]]);
  expect(mesh.ends).toMatchObject([{ delivery: 1 }]);
  expect(jsonOf(mesh.sends[1]?.content ?? note(0))).toEqual({ n: 1 });
});
