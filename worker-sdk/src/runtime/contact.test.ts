import { agentId } from "@agentmesh/proto";
import { Activation as ActivationMessage } from "@agentmesh/proto/agentmesh/v1";
import { describe, expect, test } from "vitest";
import { defineAgent } from "../agent/define-agent.ts";
import { toActivation } from "../connection/announcement.ts";
import { Note } from "../test-doubles/messages.ts";
import { Gate, jsonContent, scripted, settled } from "../test-doubles/scripted-mesh.ts";

const note = (n: number) => jsonContent("test.Note", { n });

test("no turn starts while the mesh repeats what it said before: its end takes the beginning back", async () => {
  const { runtime, core, mesh, deliver } = scripted();
  await runtime.register(defineAgent("worker", { handlers: (on) => [on(Note, () => undefined)] }));
  core.resumed(0, true);
  deliver({ content: note(1), activation: 1 });
  deliver({ content: note(2), activation: 1 });
  await settled();
  expect(mesh.endings).toEqual([]);
  core.cancelDelivery(1, "DEADLINE_EXCEEDED");
  core.replayed();
  await settled();
  expect(mesh.endings).toEqual(["1: DEADLINE_EXCEEDED", "2: done"]);
});

describe("when the mesh was out of reach for too long", () => {
  test("no turn starts and running ones are told; all goes on when the lease held after all", async () => {
    const { runtime, core, mesh, deliver, event } = scripted();
    const log: string[] = [];
    const gate = new Gate();
    await runtime.register(
      defineAgent("worker", {
        handlers: (on) => [
          on(Note, async ({ n }, { signal }) => {
            log.push(`${n} starts`);
            if (n > 1) return;
            await gate.passed;
            log.push(`${n} ${signal.reason.code}`);
            throw signal.reason;
          }),
        ],
      }),
    );
    event(note(1), { activation: 1 });
    deliver({ content: note(2), activation: 1 });
    core.lapsed();
    gate.open();
    await settled();
    expect(log).toEqual(["1 starts", "1 WORKER_LOST"]);
    expect(core.announce().activations).toEqual([]);
    // An event that was stopped has not failed: it comes again.
    expect(mesh.endings).toEqual(["1: postponed"]);
    core.resumed(0, false);
    await settled();
    expect(log.at(-1)).toBe("2 starts");
    expect(mesh.endings.at(-1)).toBe("2: done");
  });

  test("no turn starts then, also while nobody could say so yet: the process was stopped", async () => {
    const { runtime, core, mesh, clock, deliver } = scripted();
    const gate = new Gate();
    await runtime.register(
      defineAgent("worker", { handlers: (on) => [on(Note, () => gate.passed)] }),
    );
    mesh.contactUntil = clock.now() + 1_000;
    deliver({ content: note(1), activation: 1 });
    deliver({ content: note(2), activation: 1 });
    clock.advance(1_001);
    gate.open();
    await settled();
    expect(mesh.endings).toEqual(["1: done"]);
    core.lapsed();
    mesh.contactUntil = clock.now() + 1_000;
    core.resumed(0, false);
    await settled();
    expect(mesh.endings).toEqual(["1: done", "2: done"]);
  });

  test("no turn starts behind one that held the process for too long", async () => {
    const { runtime, core, mesh, clock, deliver } = scripted();
    const gate = new Gate();
    await runtime.register(
      defineAgent("worker", {
        handlers: (on) => [
          on(Note, ({ n }) => {
            if (n === 1) return gate.passed;
            if (n === 2) clock.advance(1_001);
            return undefined;
          }),
        ],
      }),
    );
    mesh.contactUntil = clock.now() + 1_000;
    deliver({ content: note(1), activation: 1 });
    deliver({ content: note(2), activation: 1 });
    deliver({ content: note(3), activation: 1, timeoutMs: 500 });
    deliver({ content: note(4), activation: 1 });
    gate.open();
    await settled();
    expect(mesh.endings).toEqual(["1: done", "2: done"]);
    core.lapsed();
    mesh.contactUntil = clock.now() + 1_000;
    core.resumed(0, false);
    await settled();
    expect(mesh.endings).toEqual(["1: done", "2: done", "3: DEADLINE_EXCEEDED", "4: done"]);
  });

  test("what has ended meanwhile goes, with everything that is on its way to it", async () => {
    const { runtime, core, mesh, deliver } = scripted();
    const gate = new Gate();
    await runtime.register(
      defineAgent("worker", { handlers: (on) => [on(Note, () => gate.passed)] }),
    );
    deliver({ content: note(1), activation: 5 });
    deliver({ content: note(2), activation: 5 });
    deliver({ content: note(3), activation: 9, target: agentId("worker", "z") });
    core.lapsed();
    core.resumed(7, false);
    gate.open();
    deliver({ content: note(4), activation: 6 });
    deliver({ content: note(5), activation: 10 });
    await settled();
    expect(mesh.endings).toEqual(["3: done", "5: done"]);
    expect(runtime.activeAgents).toBe(2);
  });

  test("a new session keeps the agents that it adopted; old deliveries are not answered in it", async () => {
    const { runtime, core, mesh, deliver } = scripted();
    const gate = new Gate();
    const log: unknown[] = [];
    await runtime.register(
      defineAgent("worker", {
        state: { initial: () => ({ turns: 0 }) },
        handlers: (on) => [
          on(Note, async ({ n }, ctx) => {
            ctx.state.turns++;
            if (n === 1) await gate.passed;
            log.push({ n, turns: ctx.state.turns, stopped: ctx.signal.aborted });
          }),
        ],
      }),
    );
    deliver({ content: note(1), activation: 5 });
    deliver({ content: note(2), activation: 5 });
    deliver({ content: note(3), activation: 6, target: agentId("worker", "z") });
    await settled();
    expect(core.announce().activations).toEqual([
      { number: 5, type: "worker", key: "k" },
      { number: 6, type: "worker", key: "z" },
    ]);
    mesh.ends.length = 0;
    core.renewed({ adopted: [5], leftThrough: 0 });
    expect(runtime.activeAgents).toBe(1);
    // Numbers of deliveries begin anew; a turn that still runs is not overlapped.
    core.deliver({ ...frameOf(4), delivery: 1, activation: 5 });
    expect(log).toHaveLength(1);
    gate.open();
    await settled();
    expect(log).toEqual([
      { n: 3, turns: 1, stopped: false },
      { n: 1, turns: 1, stopped: true },
      { n: 4, turns: 2, stopped: false },
    ]);
    expect(mesh.endings).toEqual(["1: done"]);
  });

  test.each([true, false])(
    "a turn that outlives its session is abandoned too (others wait: %s)",
    async (others) => {
      const { runtime, core, clock, mesh, deliver } = scripted();
      await runtime.register(
        defineAgent("worker", {
          maxTurnMs: 1_000,
          handlers: (on) => [on(Note, () => new Promise<void>(() => {}))],
        }),
      );
      deliver({ content: note(1), activation: 5 });
      core.renewed({ adopted: [5], leftThrough: 0 });
      if (others) {
        core.deliver({ ...frameOf(2), delivery: 1, activation: 5 });
        core.deliver({ ...frameOf(3), delivery: 2, activation: 5 });
      }
      clock.advance(2_100);
      expect(mesh.endings).toEqual(others ? ["1: TURN_ABANDONED"] : []);
      expect(mesh.numbersOf("release")).toEqual(others ? [[2]] : []);
      expect(mesh.numbersOf("idle")).toEqual(others ? [] : [[5]]);
      expect(runtime.activeAgents).toBe(0);
    },
  );
});

describe("what is taken back while the mesh repeats what it said before", () => {
  test("lets its agent idle", async () => {
    const { runtime, core, mesh, clock, deliver } = scripted();
    await runtime.register(
      defineAgent("worker", { idleMs: 800, handlers: (on) => [on(Note, () => {})] }),
    );
    deliver({ content: note(1) });
    core.resumed(0, true);
    const taken = deliver({ content: note(2) });
    core.cancelDelivery(taken, "CANCELLED");
    core.replayed();
    clock.advance(1_000);
    expect(mesh.numbersOf("idle")).toEqual([[1]]);
  });

  test.each(["cancelled", "lost"])(
    "keeps no place in the turn that it was to enter (%s)",
    async (how) => {
      const { runtime, core, mesh, deliver, settle } = scripted();
      await runtime.register(
        defineAgent("worker", {
          handlers: (on) => [
            on(Note, async ({ n }, ctx) => {
              if (n === 1) await ctx.send(agentId("other", "k"), Note({ n }));
            }),
          ],
        }),
      );
      deliver({ content: note(1) });
      core.resumed(0, true);
      const taken = deliver({ content: note(2), reenters: 1 });
      settle(1, { kind: "done" });
      await settled();
      if (how === "lost") core.renewed({ adopted: [1], leftThrough: 9 });
      else {
        core.cancelDelivery(taken, "CANCELLED");
        core.replayed();
      }
      deliver({ content: note(3) });
      await settled();
      expect(mesh.endings.at(-1)).toBe("3: done");
    },
  );
});

test("no more agents are offered to a new host than the one before could receive", async () => {
  const { runtime, core, deliver } = scripted();
  await runtime.register(defineAgent("worker", { handlers: (on) => [on(Note, () => {})] }));
  const offeredBytes = (): number => {
    const { activations } = core.announce();
    return activations.map(toActivation).reduce((sum, activation) => {
      return sum + ActivationMessage.encode(activation).finish().length + 4;
    }, 0);
  };
  for (let activation = 1; activation <= 5_000; activation++) {
    const key = String(activation).padStart(500, "-");
    deliver({ content: note(1), activation, target: agentId("worker", key) });
  }
  expect(offeredBytes()).toBeGreaterThan(1_900_000);
  const limits = { requestWindow: 10, requestWindowBytes: 1_000, timeoutMs: 1_000 };
  core.limits({ ...limits, maxPayloadBytes: 64 * 1024 });
  expect(offeredBytes()).toBeGreaterThan(64 * 1024);
  expect(offeredBytes()).toBeLessThan(512 * 1024);
});

function frameOf(n: number) {
  return {
    kind: "deliver",
    target: agentId("worker", "k"),
    content: note(n),
    sender: undefined,
    timeoutMs: 0,
    id: n,
    attempt: 1,
    reenters: 0,
    streamChunks: 0,
    streamBytes: 0,
  } as const;
}
