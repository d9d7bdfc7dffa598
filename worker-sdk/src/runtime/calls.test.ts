import { agentId, failure, MeshError } from "@agentmesh/proto";
import { DONE } from "@agentmesh/proto/wire";
import { describe, expect, test } from "vitest";
import { defineAgent } from "../agent/define-agent.ts";
import { Ask, Count, Note, Tell } from "../test-doubles/messages.ts";
import { jsonContent, jsonOf, scripted, settled } from "../test-doubles/scripted-mesh.ts";

const other = agentId("other", "k");
const count = (n: number) => jsonContent(Count.messageName, { n });
const limits = {
  maxPayloadBytes: 1_000,
  requestWindow: 2,
  requestWindowBytes: 500,
  timeoutMs: 9_000,
};

/** How a promise stands. */
async function stateOf(promise: Promise<unknown>): Promise<unknown> {
  const pending = Symbol("pending");
  const first = await Promise.race([
    promise.catch((error: unknown) => error),
    settled().then(() => pending),
  ]);
  return first === pending ? "pending" : first;
}

test("a send becomes a frame and settles by its result", async () => {
  const { runtime, mesh, core, settle } = scripted();
  core.limits(limits);
  const reply = runtime.send(other, Ask({ n: 1 }), { metadata: { a: "b" }, messageId: "m" });
  expect(mesh.sends).toMatchObject([
    { request: 1, activation: 0, parent: 0, timeoutMs: 9_000, streamChunks: 0 },
  ]);
  expect(jsonOf(mesh.sends[0]?.content ?? count(0))).toEqual({ n: 1 });
  settle(1, { kind: "reply", content: count(7) });
  expect(await reply).toEqual({ n: 7 });
});

test("a send that nothing answers resolves to nothing", async () => {
  const { runtime, settle } = scripted();
  const sent = runtime.send(other, Note({ n: 1 }));
  settle(1, DONE);
  expect(await sent).toBeUndefined();
});

test("a failure rejects with its code, outcome and details", async () => {
  const { runtime, fail } = scripted();
  const sent = runtime.send(other, Note({ n: 1 }));
  const details = Buffer.from('{"left":0}');
  fail(1, failure("APPLICATION", "sold out", { appCode: "sold-out", details }));
  await expect(sent).rejects.toMatchObject({
    code: "APPLICATION",
    appCode: "sold-out",
    details: { left: 0 },
    outcome: "executed",
  });
});

test("an answer of the wrong kind or type is refused", async () => {
  const { runtime, settle } = scripted();
  const nothing = runtime.send(other, Ask({ n: 1 }));
  const wrongType = runtime.send(other, Ask({ n: 1 }));
  const wrongShape = runtime.send(other, Ask({ n: 1 }));
  settle(1, DONE);
  settle(2, { kind: "reply", content: jsonContent("test.Note", { n: 1 }) });
  settle(3, { kind: "reply", content: jsonContent("test.Count", { n: "x" }) });
  await expect(nothing).rejects.toMatchObject({ code: "PAYLOAD_INVALID", outcome: "executed" });
  await expect(wrongType).rejects.toMatchObject({ code: "PAYLOAD_INVALID", outcome: "executed" });
  await expect(wrongShape).rejects.toMatchObject({ code: "PAYLOAD_INVALID" });
});

test("what does not fit its type, or is too large, does not leave", async () => {
  const { runtime, mesh, core } = scripted();
  core.limits(limits);
  const wrong = { n: "one" } as unknown as { n: number };
  await expect(runtime.send(other, Note(wrong))).rejects.toMatchObject({ code: "PAYLOAD_INVALID" });
  const large = { metadata: { fat: "x".repeat(1_000) } };
  await expect(runtime.send(other, Note({ n: 1 }), large)).rejects.toMatchObject({
    code: "PAYLOAD_TOO_LARGE",
  });
  await expect(runtime.send(other, Note({ n: 1 }), { timeoutMs: 0 })).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
  });
  expect(mesh.sends).toEqual([]);
});

describe("the window", () => {
  test("lets so many sends out, the others wait in order", async () => {
    const { runtime, mesh, core, settle } = scripted();
    core.limits(limits);
    for (let n = 1; n <= 4; n++) void runtime.send(other, Note({ n })).catch(() => undefined);
    expect(mesh.sends.map(({ request }) => request)).toEqual([1, 2]);
    settle(2, DONE);
    settle(1, DONE);
    expect(mesh.sends.map(({ request }) => request)).toEqual([1, 2, 3, 4]);
  });

  test("counts bytes, and lets one through that exceeds them", async () => {
    const { runtime, mesh, core, settle } = scripted();
    core.limits({ ...limits, requestWindow: 10 });
    const fat = { metadata: { fat: "x".repeat(600) } };
    for (const options of [fat, {}, {}]) void runtime.send(other, Note({ n: 1 }), options);
    expect(mesh.sends).toHaveLength(1);
    settle(1, DONE);
    expect(mesh.sends).toHaveLength(3);
  });

  test("is closed while work is held, and follows its new size", () => {
    const { runtime, mesh, core } = scripted();
    core.flow(false);
    for (let n = 1; n <= 4; n++) void runtime.send(other, Note({ n }));
    expect(mesh.sends).toEqual([]);
    core.windows(3, 500);
    core.flow(true);
    expect(mesh.sends).toHaveLength(3);
    core.windows(4, 500);
    expect(mesh.sends).toHaveLength(4);
  });

  test("is bypassed by sends within a turn", async () => {
    const { runtime, mesh, core, deliver } = scripted();
    await runtime.register(
      defineAgent("worker", {
        handlers: (on) => [
          on(Note, async (_, ctx) => {
            await ctx.send(other, Note({ n: 2 }));
          }),
        ],
      }),
    );
    core.flow(false);
    deliver({ content: jsonContent("test.Note", { n: 1 }) });
    expect(mesh.sends).toMatchObject([{ parent: 1 }]);
  });

  test("a send that waits can be given up, and its time runs", async () => {
    const { runtime, mesh, core, clock } = scripted();
    core.flow(false);
    const abort = new AbortController();
    const aborted = runtime.send(other, Note({ n: 1 }), { signal: abort.signal });
    const late = runtime.send(other, Note({ n: 2 }), { timeoutMs: 100 });
    const patient = runtime.send(other, Note({ n: 3 }), { timeoutMs: 1_000 });
    abort.abort(new Error("enough"));
    clock.advance(200);
    await expect(aborted).rejects.toMatchObject({
      code: "CANCELLED",
      outcome: "not-executed",
      cause: { message: "enough" },
    });
    await expect(late).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
      outcome: "not-executed",
      retryable: true,
    });
    core.flow(true);
    expect(mesh.sends).toMatchObject([{ request: 3, timeoutMs: 800 }]);
    expect(mesh.numbersOf("cancel")).toEqual([]);
    expect(await stateOf(patient)).toBe("pending");
  });

  test("refuses when too much waits, also after many that waited were given up", async () => {
    const { runtime, mesh, core, clock } = scripted();
    core.flow(false);
    core.windows(10, 2_000_000);
    const waiting: Promise<unknown>[] = [];
    for (let n = 0; n < 5_000; n++) {
      waiting.push(runtime.send(other, Note({ n }), { timeoutMs: 100 }).catch(() => undefined));
    }
    clock.advance(200);
    await Promise.all(waiting);
    const fat = { metadata: { fat: "x".repeat(1_500_000) } };
    core.limits({ ...limits, maxPayloadBytes: 4_000_000, requestWindowBytes: 2_000_000 });
    const first = runtime.send(other, Note({ n: 1 }), fat);
    await expect(runtime.send(other, Note({ n: 2 }), fat)).rejects.toMatchObject({
      code: "OVERLOADED",
      retryable: true,
    });
    core.flow(true);
    expect(mesh.sends).toHaveLength(1);
    expect(await stateOf(first)).toBe("pending");
  });
});

describe("ending by the caller's side", () => {
  test("the deadline is the caller's: unknown outcome, and the mesh is told", async () => {
    const { runtime, mesh, clock, settle } = scripted();
    const sent = runtime.send(other, Ask({ n: 1 }), { timeoutMs: 50 });
    clock.advance(100);
    await expect(sent).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED", outcome: "unknown" });
    expect(mesh.numbersOf("cancel")).toEqual([[1]]);
    // The late result finds nobody.
    settle(1, { kind: "reply", content: count(1) });
  });

  test("a signal rejects at once and takes the send back", async () => {
    const { runtime, mesh } = scripted();
    const abort = new AbortController();
    const sent = runtime.send(other, Ask({ n: 1 }), { signal: abort.signal });
    abort.abort();
    await expect(sent).rejects.toMatchObject({ code: "CANCELLED", outcome: "unknown" });
    expect(mesh.numbersOf("cancel")).toEqual([[1]]);
    await expect(
      runtime.send(other, Ask({ n: 1 }), { signal: abort.signal }),
    ).rejects.toMatchObject({
      code: "CANCELLED",
      outcome: "not-executed",
    });
  });

  test("a settled send leaves nothing behind", async () => {
    const { runtime, clock, settle, core } = scripted();
    const abort = new AbortController();
    const sent = runtime.send(other, Ask({ n: 1 }), { signal: abort.signal });
    settle(1, { kind: "reply", content: count(1) });
    await sent;
    abort.abort();
    clock.advance(60_000);
    expect(core.calls.size).toBe(0);
    expect(clock.pending).toBe(0);
  });
});

test("what a leaving host did not take any more waits for the next one", async () => {
  const { runtime, mesh, core, fail, settle } = scripted();
  const early = runtime.send(other, Note({ n: 1 }));
  fail(1, failure("HOST_DRAINING"));
  await expect(early).rejects.toMatchObject({ code: "HOST_DRAINING", retryable: true });
  const sent = runtime.send(other, Note({ n: 2 }));
  core.flow(false);
  fail(2, failure("HOST_DRAINING"));
  expect(await stateOf(sent)).toBe("pending");
  mesh.sends.length = 0;
  core.renewed({ adopted: [], leftThrough: 99 });
  core.flow(true);
  expect(mesh.sends).toMatchObject([{ request: 2 }]);
  settle(2, DONE);
  await sent;
});

test("what came back from a leaving host leaves before what came later, in its order", async () => {
  const { runtime, mesh, core, fail, settle } = scripted();
  core.limits({ ...limits, requestWindow: 3 });
  const abort = new AbortController();
  const given = [2, 4].map((n) => [n, { signal: abort.signal }] as const);
  const own = new Map<number, { signal?: AbortSignal }>(given);
  const send = (n: number) => runtime.send(other, Note({ n }), own.get(n) ?? {});
  const early = [1, 2, 3].map(send);
  core.flow(false);
  const late = [4, 5].map(send);
  for (const request of [3, 1, 2]) fail(request, failure("HOST_DRAINING"));
  abort.abort();
  await expect(early[1]).rejects.toMatchObject({ code: "CANCELLED", outcome: "not-executed" });
  await expect(late[0]).rejects.toMatchObject({ code: "CANCELLED", outcome: "not-executed" });
  mesh.sends.length = 0;
  core.flow(true);
  expect(mesh.sends.map(({ content }) => jsonOf(content))).toEqual([{ n: 1 }, { n: 3 }, { n: 5 }]);
  for (const request of [1, 3, 5]) settle(request, DONE);
  await Promise.all([early[0], early[2], late[1]]);
});

test("what leaves once more has what is left of its time", async () => {
  const { runtime, mesh, core, clock, fail } = scripted();
  const call = runtime.send(other, Note({ n: 1 }), { timeoutMs: 1_000 });
  core.flow(false);
  clock.advance(200);
  fail(1, failure("HOST_DRAINING"));
  clock.advance(200);
  core.flow(true);
  clock.advance(200);
  core.renewed({ adopted: [], leftThrough: 0 });
  expect(mesh.sends.map(({ timeoutMs }) => timeoutMs)).toEqual([1_000, 600, 400]);
  clock.advance(410);
  await expect(call).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
});

test("what came back from a leaving host is never refused for want of room", async () => {
  const { runtime, mesh, core, fail, settle } = scripted();
  core.limits(limits);
  const fat = { metadata: { fat: "x".repeat(300) } };
  const early = runtime.send(other, Note({ n: 1 }), fat);
  core.flow(false);
  const late = runtime.send(other, Note({ n: 2 }), fat);
  fail(1, failure("HOST_DRAINING"));
  core.flow(true);
  settle(1, DONE);
  settle(2, DONE);
  await Promise.all([early, late]);
  expect(mesh.sends.map(({ request }) => request)).toEqual([1, 1, 2]);
});

describe("in a new session", () => {
  test("what had left is lost, what had not leaves again", async () => {
    const { runtime, core, mesh } = scripted();
    const shipped = runtime.send(other, Ask({ n: 1 }));
    const queued = runtime.send(other, Ask({ n: 2 }));
    core.flow(false);
    const waiting = runtime.send(other, Ask({ n: 3 }));
    mesh.sends.length = 0;
    core.renewed({ adopted: [], leftThrough: 1 });
    await expect(shipped).rejects.toMatchObject({ code: "CONNECTION_LOST", outcome: "unknown" });
    expect(mesh.sends).toMatchObject([{ request: 2 }]);
    core.flow(true);
    expect(mesh.sends).toMatchObject([{ request: 2 }, { request: 3 }]);
    expect(await stateOf(queued)).toBe("pending");
    expect(await stateOf(waiting)).toBe("pending");
  });

  test("a send of a turn stands alone when its agent goes on, and fails when it does not", async () => {
    const { runtime, core, mesh, deliver } = scripted();
    const results: unknown[] = [];
    await runtime.register(
      defineAgent("worker", {
        handlers: (on) => [
          on(Note, async (_, ctx) => {
            await ctx.send(other, Note({ n: 1 })).catch((error: unknown) => results.push(error));
          }),
        ],
      }),
    );
    deliver({ content: jsonContent("test.Note", { n: 1 }), activation: 1 });
    deliver({
      content: jsonContent("test.Note", { n: 1 }),
      activation: 2,
      target: agentId("worker", "z"),
    });
    mesh.sends.length = 0;
    core.renewed({ adopted: [1], leftThrough: 0 });
    await settled();
    expect(mesh.sends).toMatchObject([{ request: 1, activation: 1, parent: 0 }]);
    expect(results).toMatchObject([{ code: "ACTIVATION_STALE", outcome: "not-executed" }]);
    expect(runtime.activeAgents).toBe(1);
  });
});

test("closing settles everything", async () => {
  const { runtime, core } = scripted();
  const shipped = runtime.send(other, Ask({ n: 1 }));
  core.flow(false);
  const waiting = runtime.send(other, Ask({ n: 2 }));
  const stream = runtime.stream(other, Tell({ n: 1 }))[Symbol.asyncIterator]();
  const first = stream.next();
  const closed = runtime.close();
  await expect(shipped).rejects.toMatchObject({ code: "CLOSED", outcome: "unknown" });
  await expect(waiting).rejects.toMatchObject({ code: "CLOSED", outcome: "not-executed" });
  await expect(first).rejects.toMatchObject({ code: "CLOSED" });
  await closed;
  await expect(runtime.send(other, Ask({ n: 2 }))).rejects.toBeInstanceOf(MeshError);
});
