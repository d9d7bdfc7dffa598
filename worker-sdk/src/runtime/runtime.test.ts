import { agentId, failure, MeshError, topicId } from "@agentmesh/proto";
import { describe, expect, test } from "vitest";
import { defineAgent } from "../agent/define-agent.ts";
import type { AgentDefinition } from "../agent/definition.ts";
import { Ask, Note } from "../test-doubles/messages.ts";
import { Gate, jsonContent, scripted, settled } from "../test-doubles/scripted-mesh.ts";

const note = (n: number) => jsonContent("test.Note", { n });
const refusal = new MeshError(failure("SUBSCRIPTION_CONFLICT"));

const idler = (type = "worker", subscriptions: string[] = []) =>
  defineAgent(type, { subscriptions, handlers: (on) => [on(Note, () => {})] });

/** Refuses questions that begin with `start`. */
function refusing(start: string) {
  return (question: string) => {
    if (question.startsWith(start)) throw refusal;
  };
}

describe("registrations", () => {
  test("tell the mesh what an agent type handles and listens to", async () => {
    const { runtime, mesh } = scripted();
    await runtime.register(
      defineAgent("worker", {
        description: "works",
        agentWindow: 4,
        subscriptions: ["news", { typePrefix: "work." }],
        handlers: (on) => [on(Note, () => {}), on(Ask, () => ({ n: 1 }))],
      }),
    );
    const describe: unknown = expect.any(Function);
    expect(mesh.registered).toEqual([
      {
        name: "worker",
        description: "works",
        agentWindow: 4,
        concurrency: 1,
        maxTurnMs: 60_000,
        handles: [
          { messageType: "test.Note", replyType: "", replyStream: false, describe },
          { messageType: "test.Ask", replyType: "test.Count", replyStream: false, describe },
        ],
      },
    ]);
    expect(mesh.subscribed).toMatchObject([
      { pattern: { type: "news" }, agentType: "worker" },
      { pattern: { typePrefix: "work." }, agentType: "worker" },
    ]);
  });

  test("are at work before the mesh has answered", async () => {
    const { runtime, mesh, deliver } = scripted();
    const answer = new Gate();
    mesh.answer = () => answer.passed;
    const registered = runtime.register(idler());
    deliver({ content: note(1) });
    expect(mesh.endings).toEqual(["1: done"]);
    answer.open();
    await registered;
  });

  test("may come from a list of agent types with different states", async () => {
    const { runtime, mesh } = scripted();
    const counter = defineAgent("counter", {
      state: { initial: () => ({ n: 0 }) },
      handlers: (on) => [on(Note, (_, ctx) => void ctx.state.n++)],
    });
    const team: readonly AgentDefinition<unknown>[] = [idler(), counter];
    for (const member of team) await runtime.register(member);
    for (const member of [idler("other"), { ...counter, type: "second" }]) {
      await runtime.register(member);
    }
    expect(mesh.registered.map(({ name }) => name)).toEqual([
      "worker",
      "counter",
      "other",
      "second",
    ]);
  });

  test("of a type that is taken are refused", async () => {
    const { runtime } = scripted();
    await runtime.register(idler());
    await expect(runtime.register(idler())).rejects.toMatchObject({ code: "AGENT_TYPE_TAKEN" });
  });

  test.each(["register", "subscribe"])("leave no trace when %s is refused", async (step) => {
    const { runtime, mesh, core } = scripted();
    mesh.answer = refusing(step);
    await expect(runtime.register(idler("worker", ["news"]))).rejects.toBe(refusal);
    expect(core.announce()).toMatchObject({ types: [], subscriptions: [] });
    expect(mesh.said).toMatchObject(
      step === "register" ? [{ kind: "unsubscribe s1" }] : [{ kind: "unregister worker" }],
    );
    mesh.answer = () => undefined;
    await runtime.register(idler("worker", ["news"]));
    expect(core.announce()).toMatchObject({
      types: [{ name: "worker" }],
      subscriptions: [{ pattern: { type: "news" } }],
    });
  });

  test("can be taken back, with their subscriptions", async () => {
    const { runtime, core } = scripted();
    await runtime.register(idler("worker", ["news"]));
    await runtime.subscribe({ type: "more" }, "worker");
    await runtime.subscribe({ type: "more" }, "elsewhere");
    await runtime.unregister("worker");
    expect(core.announce()).toMatchObject({
      types: [],
      subscriptions: [{ agentType: "elsewhere" }],
    });
    await expect(runtime.unregister("worker")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await runtime.register(idler());
  });
});

describe("subscriptions", () => {
  test("come and go", async () => {
    const { runtime, core } = scripted();
    const id = await runtime.subscribe({ typePrefix: "" }, "worker");
    expect(core.announce().subscriptions).toMatchObject([{ id, agentType: "worker" }]);
    await runtime.unsubscribe(id);
    expect(core.announce().subscriptions).toEqual([]);
    await expect(runtime.unsubscribe(id)).rejects.toMatchObject({ code: "SUBSCRIPTION_UNKNOWN" });
  });

  test("are checked, and may be refused", async () => {
    const { runtime, mesh, core } = scripted();
    await expect(runtime.subscribe({ type: "no spaces" }, "worker")).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    mesh.answer = refusing("subscribe");
    await expect(runtime.subscribe({ type: "news" }, "worker")).rejects.toBe(refusal);
    expect(core.announce().subscriptions).toEqual([]);
  });
});

describe("draining", () => {
  test("lets what is there finish, takes nothing new, and closes", async () => {
    const { runtime, core, mesh, deliver } = scripted();
    const moved = new Gate();
    const end = new Gate();
    mesh.answer = (question) => (question === "drain" ? moved.passed : undefined);
    const asked: Promise<unknown>[] = [];
    await runtime.register(
      defineAgent("worker", {
        handlers: (on) => [
          on(Note, async (_, ctx) => {
            await end.passed;
            asked.push(ctx.publish(topicId("news"), Note({ n: 1 })).catch(() => undefined));
          }),
        ],
      }),
    );
    deliver({ content: note(1) });
    const drained = runtime.drain();
    expect(runtime.currentStatus).toEqual({ kind: "draining" });
    await expect(runtime.send(agentId("a", "b"), Note({ n: 1 }))).rejects.toMatchObject({
      code: "CLOSED",
    });
    await expect(runtime.register(idler("late"))).rejects.toMatchObject({ code: "CLOSED" });
    moved.open();
    await settled();
    expect(mesh.numbersOf("close")).toEqual([]);
    end.open();
    await settled();
    core.accepted({ kind: "accepted", sequences: [1] });
    await drained;
    expect(asked).toHaveLength(1);
    expect(mesh.publishes).toHaveLength(1);
    expect(mesh.endings).toEqual(["1: done"]);
    expect(mesh.numbersOf("close")).toHaveLength(1);
    await runtime.drain();
  });

  test("waits for the answers to what was sent and published before", async () => {
    const { runtime, core, mesh, settle } = scripted();
    const sent = runtime.send(agentId("other", "k"), Note({ n: 1 }));
    const published = runtime.publish(topicId("news"), Note({ n: 1 }));
    const drained = runtime.drain();
    await settled();
    settle(1, { kind: "done" });
    await sent;
    await settled();
    expect(mesh.numbersOf("close")).toEqual([]);
    core.accepted({ kind: "accepted", sequences: [1] });
    await Promise.all([published, drained]);
    expect(mesh.numbersOf("close")).toHaveLength(1);
  });

  test("does not wait longer than it is told to", async () => {
    const { runtime, mesh, clock, deliver } = scripted();
    mesh.answer = (question) => (question === "drain" ? new Promise(() => {}) : undefined);
    let reason: unknown;
    await runtime.register(
      defineAgent("worker", {
        handlers: (on) => [
          on(Note, async (_, { signal }) => {
            await new Promise((resolve) => signal.addEventListener("abort", resolve));
            reason = signal.reason;
          }),
        ],
      }),
    );
    deliver({ content: note(1) });
    const drained = runtime.drain({ graceMs: 500 });
    await settled();
    clock.advance(500);
    await drained;
    expect(reason).toMatchObject({ code: "CLOSED" });
    expect(mesh.ends).toEqual([]);
  });

  test("ends its grace when it is told to", async () => {
    const { runtime, mesh, clock, deliver } = scripted();
    mesh.answer = (question) => (question === "drain" ? new Promise(() => {}) : undefined);
    await runtime.register(
      defineAgent("worker", {
        handlers: (on) => [
          on(Note, async (_, { signal }) => {
            await new Promise((resolve) => signal.addEventListener("abort", resolve));
          }),
        ],
      }),
    );
    deliver({ content: note(1) });
    const abort = new AbortController();
    const drained = runtime.drain({ signal: abort.signal });
    await settled();
    abort.abort();
    await drained;
    expect(runtime.currentStatus).toEqual({ kind: "closed", reason: undefined });
    // The wheel of deadlines looks once more before it stops.
    clock.advance(20);
    expect(clock.pending).toBe(0);
  });

  test("waits for a host that is away no longer than its lease", async () => {
    const { runtime, core, mesh, deliver } = scripted();
    await runtime.register(
      defineAgent("worker", { handlers: (on) => [on(Note, () => new Promise<void>(() => {}))] }),
    );
    mesh.answer = () => new Promise(() => {});
    deliver({ content: note(1) });
    deliver({ content: note(2) });
    const drained = runtime.drain();
    await settled();
    expect(mesh.numbersOf("close")).toEqual([]);
    core.lapsed();
    await drained;
    expect(mesh.numbersOf("close")).toHaveLength(1);

    const later = scripted();
    later.mesh.answer = () => new Promise(() => {});
    later.core.lapsed();
    await later.runtime.drain();
  });

  test("does not wait for what the mesh has lost or taken back", async () => {
    const { runtime, core, mesh, deliver } = scripted();
    await runtime.register(
      defineAgent("worker", { handlers: (on) => [on(Note, () => new Promise<void>(() => {}))] }),
    );
    deliver({ content: note(1) });
    deliver({ content: note(2), activation: 2, target: agentId("worker", "z") });
    const drained = runtime.drain();
    await settled();
    core.deactivate([1]);
    await settled();
    expect(mesh.numbersOf("close")).toEqual([]);
    core.renewed({ adopted: [2], leftThrough: 9 });
    await drained;
  });

  test("checks its grace", async () => {
    const { runtime } = scripted();
    await expect(runtime.drain({ graceMs: -1 })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("graceMs"),
    });
    expect(runtime.currentStatus.kind).toBe("connecting");
  });
});

describe("closing", () => {
  test("gives back what waits, stops what runs, and lets idle agents act for the last time", async () => {
    const { runtime, mesh, deliver } = scripted();
    const log: string[] = [];
    await runtime.register(
      defineAgent("worker", {
        handlers: (on) => [
          on(Note, async ({ n }, { signal }) => {
            if (n === 0) return;
            await new Promise((resolve) => signal.addEventListener("abort", resolve));
            log.push(`${n} stops`);
          }),
        ],
        onDeactivate: async (_, id) => {
          await settled();
          log.push(`${id.key} goes`);
        },
      }),
    );
    deliver({ content: note(0), activation: 1, target: agentId("worker", "idle") });
    deliver({ content: note(1), activation: 2 });
    deliver({ content: note(2), activation: 2 });
    await settled();
    await runtime.close();
    expect(log).toEqual(["1 stops", "idle goes"]);
    expect(mesh.said.slice(-2)).toEqual([
      { kind: "release", numbers: [3] },
      { kind: "close", numbers: [] },
    ]);
    expect(runtime.activeAgents).toBe(0);
  });

  test("gives back what arrives meanwhile", async () => {
    const { runtime, mesh, deliver } = scripted();
    const lastAct = new Gate();
    await runtime.register(
      defineAgent("worker", {
        handlers: (on) => [on(Note, () => {})],
        onDeactivate: () => lastAct.passed,
      }),
    );
    deliver({ content: note(0) });
    const closed = runtime.close();
    await settled();
    deliver({ content: note(1), activation: 2 });
    expect(mesh.numbersOf("release")).toEqual([[2]]);
    lastAct.open();
    await closed;
  });

  test("does not wait for ever for a last act", async () => {
    const { runtime, clock, deliver } = scripted();
    await runtime.register(
      defineAgent("worker", {
        handlers: (on) => [on(Note, () => {})],
        onDeactivate: () => new Promise<void>(() => {}),
      }),
    );
    deliver({ content: note(0) });
    const closed = runtime.close();
    await settled();
    clock.advance(5_000);
    await closed;
    expect(runtime.currentStatus).toEqual({ kind: "closed", reason: undefined });
  });

  test("can be asked for from within what it stops", async () => {
    const { runtime, deliver } = scripted();
    await runtime.register(
      defineAgent("worker", {
        handlers: (on) => [
          on(Note, async (_, { signal }) => {
            signal.addEventListener("abort", () => void runtime.close());
            await runtime.close();
          }),
        ],
      }),
    );
    deliver({ content: note(0) });
    await runtime.close();
    await runtime.close();
  });

  test("happens by itself at the end of a block, and when the mesh is gone for good", async () => {
    const { runtime, core, mesh } = scripted();
    {
      await using own = scripted().runtime;
      expect(own.currentStatus.kind).toBe("connecting");
    }
    core.closed(failure("UNAUTHENTICATED"));
    await settled();
    expect(runtime.currentStatus).toMatchObject({
      kind: "closed",
      reason: { code: "UNAUTHENTICATED" },
    });
    expect(mesh.numbersOf("close")).toHaveLength(1);
    await expect(runtime.send(agentId("a", "b"), Note({ n: 1 }))).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
  });
});
