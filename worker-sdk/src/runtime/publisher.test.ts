import { agentId, failure, topicId } from "@agentmesh/proto";
import { expect, test } from "vitest";
import { defineAgent } from "../agent/define-agent.ts";
import { Note } from "../test-doubles/messages.ts";
import { Gate, jsonContent, jsonOf, scripted, settled } from "../test-doubles/scripted-mesh.ts";

const news = topicId("news", "k");

test("a publish resolves when it is accepted and rejects when it is refused", async () => {
  const { runtime, mesh, core } = scripted();
  const first = runtime.publish(news, Note({ n: 1 }));
  const second = runtime.publish(news, Note({ n: 2 }));
  expect(mesh.publishes).toMatchObject([
    { sequence: 1, resent: false, activation: 0, parent: 0 },
    { sequence: 2 },
  ]);
  core.accepted({ kind: "accepted", sequences: [2, 99] });
  core.refused(1, failure("OVERLOADED"));
  await second;
  await expect(first).rejects.toMatchObject({ code: "OVERLOADED", outcome: "not-executed" });
  expect(core.publisher.size).toBe(0);
});

test("publishes share the window with sends, except those of turns", async () => {
  const { runtime, mesh, core, deliver } = scripted();
  await runtime.register(
    defineAgent("worker", {
      handlers: (on) => [on(Note, (_, ctx) => ctx.publish(news, Note({ n: 3 })))],
    }),
  );
  core.windows(1, 1_000);
  void runtime.send(agentId("other", "k"), Note({ n: 1 })).catch(() => undefined);
  void runtime.publish(news, Note({ n: 2 })).catch(() => undefined);
  deliver({ content: jsonContent("test.Note", { n: 1 }), activation: 8 });
  // Sequences are given when publishes leave, so that they grow on the way.
  expect(mesh.publishes).toMatchObject([{ sequence: 1, activation: 8, parent: 1 }]);
  core.result({ kind: "result", request: 1, ending: { kind: "done" } });
  expect(mesh.publishes).toMatchObject([{ sequence: 1 }, { sequence: 2, activation: 0 }]);
});

test("in a new session what was not answered leaves again, in order, before anything new", async () => {
  const { runtime, mesh, core } = scripted();
  const accepted = runtime.publish(news, Note({ n: 1 }));
  const shipped = runtime.publish(news, Note({ n: 2 }));
  const queued = runtime.publish(news, Note({ n: 3 }));
  core.accepted({ kind: "accepted", sequences: [1] });
  await accepted;
  core.flow(false);
  void runtime.publish(news, Note({ n: 4 }));
  mesh.publishes.length = 0;
  core.renewed({ adopted: [], leftThrough: 2 });
  core.flow(true);
  expect(mesh.publishes).toMatchObject([
    { sequence: 2, resent: true },
    { sequence: 3, resent: false },
    { sequence: 4, resent: false },
  ]);
  core.accepted({ kind: "accepted", sequences: [2, 3] });
  await Promise.all([shipped, queued]);
});

test("what came back from a leaving host leaves before what came later, in its order", async () => {
  const { runtime, mesh, core } = scripted();
  const early = [1, 2].map((n) => runtime.publish(news, Note({ n })));
  core.flow(false);
  const late = runtime.publish(news, Note({ n: 3 }));
  for (const sequence of [1, 2]) core.refused(sequence, failure("HOST_DRAINING"));
  mesh.publishes.length = 0;
  core.flow(true);
  expect(mesh.publishes.map(({ content }) => jsonOf(content))).toEqual([
    { n: 1 },
    { n: 2 },
    { n: 3 },
  ]);
  expect(mesh.publishes).toMatchObject([{ sequence: 3 }, { sequence: 4 }, { sequence: 5 }]);
  core.accepted({ kind: "accepted", sequences: [3, 4, 5] });
  await Promise.all([...early, late]);
});

test("what a leaving host did not take any more waits for the next one", async () => {
  const { runtime, mesh, core } = scripted();
  const published = runtime.publish(news, Note({ n: 1 }));
  core.flow(false);
  core.refused(1, failure("HOST_DRAINING"));
  await settled();
  core.flow(true);
  expect(mesh.publishes).toMatchObject([{ sequence: 1 }, { sequence: 2, resent: false }]);
  core.accepted({ kind: "accepted", sequences: [2] });
  await published;
  core.flow(false);
  core.flow(true);
  const refused = runtime.publish(news, Note({ n: 1 }));
  core.refused(3, failure("HOST_DRAINING"));
  await expect(refused).rejects.toMatchObject({ code: "HOST_DRAINING" });
});

test("an agent that did not go on cannot publish in the new session", async () => {
  const { runtime, mesh, core, deliver } = scripted();
  const failed: unknown[] = [];
  await runtime.register(
    defineAgent("worker", {
      handlers: (on) => [
        on(Note, async (_, ctx) => {
          await ctx.publish(news, Note({ n: 3 })).catch((error: unknown) => failed.push(error));
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
  mesh.publishes.length = 0;
  core.renewed({ adopted: [2], leftThrough: 9 });
  await settled();
  expect(failed).toMatchObject([{ code: "ACTIVATION_STALE", outcome: "unknown" }]);
  expect(mesh.publishes).toMatchObject([{ activation: 2, parent: 0, resent: true }]);
});

test("a publish can be given up, before and after it has left", async () => {
  const { runtime, core } = scripted();
  const abort = new AbortController();
  const { signal } = abort;
  const left = runtime.publish(news, Note({ n: 1 }), { signal });
  core.flow(false);
  const waiting = runtime.publish(news, Note({ n: 2 }), { signal });
  abort.abort("enough");
  await expect(left).rejects.toMatchObject({ code: "CANCELLED", outcome: "unknown" });
  await expect(waiting).rejects.toMatchObject({ code: "CANCELLED", outcome: "not-executed" });
  await expect(runtime.publish(news, Note({ n: 3 }), { signal })).rejects.toMatchObject({
    code: "CANCELLED",
    cause: "enough",
  });
  core.accepted({ kind: "accepted", sequences: [1] });
  expect(core.publisher.size).toBe(0);
});

test("a publish waits for its acceptance as long as it may, before and after it has left", async () => {
  const { runtime, core, clock } = scripted();
  const left = runtime.publish(news, Note({ n: 1 }), { timeoutMs: 200 });
  core.flow(false);
  const waiting = runtime.publish(news, Note({ n: 2 }), { timeoutMs: 100 });
  const patient = runtime.publish(news, Note({ n: 3 }));
  clock.advance(110);
  await expect(waiting).rejects.toMatchObject({
    code: "DEADLINE_EXCEEDED",
    outcome: "not-executed",
    retryable: true,
  });
  expect(core.publisher.size).toBe(2);
  clock.advance(100);
  await expect(left).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED", outcome: "unknown" });
  core.accepted({ kind: "accepted", sequences: [1] });
  clock.advance(29_770);
  expect(core.publisher.size).toBe(1);
  clock.advance(40);
  await expect(patient).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  await expect(runtime.publish(news, Note({ n: 4 }), { timeoutMs: 0 })).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
  });
  core.flow(true);
  const accepted = runtime.publish(news, Note({ n: 5 }));
  core.accepted({ kind: "accepted", sequences: [2] });
  await accepted;
  // The wheel of deadlines looks once more before it stops.
  clock.advance(20);
  expect(clock.pending).toBe(0);
});

test("closing settles publishes", async () => {
  const { runtime, core } = scripted();
  const left = runtime.publish(news, Note({ n: 1 }));
  core.flow(false);
  const waiting = runtime.publish(news, Note({ n: 2 }));
  const closed = runtime.close();
  await expect(left).rejects.toMatchObject({ code: "CLOSED", outcome: "unknown" });
  await expect(waiting).rejects.toMatchObject({ code: "CLOSED", outcome: "not-executed" });
  await closed;
  await expect(runtime.publish(news, Note({ n: 2 }))).rejects.toMatchObject({ code: "CLOSED" });
});

test("within a turn the next message waits until the handler has heard of its publish", async () => {
  const { runtime, mesh, core, deliver } = scripted();
  const order: string[] = [];
  const gate = new Gate();
  await runtime.register(
    defineAgent("worker", {
      handlers: (on) => [
        on(Note, async ({ n }, ctx) => {
          await ctx.publish(news, Note({ n }));
          order.push(`published ${n}`);
          gate.open();
        }),
      ],
    }),
  );
  deliver({ content: jsonContent("test.Note", { n: 1 }) });
  deliver({ content: jsonContent("test.Note", { n: 2 }) });
  expect(mesh.publishes).toHaveLength(1);
  core.accepted({ kind: "accepted", sequences: [1] });
  await gate.passed;
  await settled();
  expect(order).toEqual(["published 1"]);
  expect(mesh.publishes).toHaveLength(2);
});
