import { agentId } from "@agentmesh/proto";
import { expect, test } from "vitest";
import { defineAgent } from "../agent/define-agent.ts";
import type { On } from "../agent/handler.ts";
import { Note } from "../test-doubles/messages.ts";
import {
  Gate,
  jsonContent,
  type Scripted,
  scripted,
  settled,
} from "../test-doubles/scripted-mesh.ts";

const note = (n: number) => jsonContent("test.Note", { n });

/** An agent whose turns run until they are let go, by number. */
async function withGates(mesh: Scripted, options: { concurrency?: number } = {}) {
  const gates = new Map<number, Gate>();
  const log: string[] = [];
  const definition = defineAgent("worker", {
    ...options,
    handlers: (on) => [
      on(Note, async ({ n }, ctx) => {
        log.push(`${n} starts`);
        const gate = new Gate();
        gates.set(n, gate);
        if (n >= 10 && n < 100) {
          // Waits for a send, so that others may enter.
          await ctx.send(agentId("other", "k"), Note({ n })).catch(() => undefined);
        } else await gate.passed;
        log.push(`${n} ends`);
      }),
    ],
  });
  await mesh.runtime.register(definition);
  return {
    log,
    async letGo(n: number): Promise<void> {
      gates.get(n)?.open();
      await settled();
    },
  };
}

test("turns of one agent run one after the other, those of others beside them", async () => {
  const mesh = scripted();
  const { log, letGo } = await withGates(mesh);
  mesh.deliver({ content: note(1), activation: 1 });
  mesh.event(note(2), { activation: 1 });
  mesh.deliver({ content: note(3), activation: 1 });
  mesh.deliver({ content: note(4), activation: 2 });
  expect(log).toEqual(["1 starts", "4 starts"]);
  await letGo(1);
  await letGo(2);
  await letGo(3);
  expect(log).toEqual([
    "1 starts",
    "4 starts",
    "1 ends",
    "2 starts",
    "2 ends",
    "3 starts",
    "3 ends",
  ]);
});

test("concurrency lets so many turns run at a time", async () => {
  const mesh = scripted();
  const { log, letGo } = await withGates(mesh, { concurrency: 2 });
  for (const n of [1, 2, 3]) mesh.deliver({ content: note(n) });
  expect(log).toEqual(["1 starts", "2 starts"]);
  await letGo(2);
  expect(log).toEqual(["1 starts", "2 starts", "2 ends", "3 starts"]);
});

test("thousands of messages that are handled at once do not pile up on the stack", async () => {
  const mesh = scripted();
  const gate = new Gate();
  let handled = 0;
  await mesh.runtime.register(
    defineAgent("worker", {
      handlers: (on) => [on(Note, ({ n }) => (n === 0 ? gate.passed : void handled++))],
    }),
  );
  for (let n = 0; n <= 20_000; n++) mesh.deliver({ content: note(n) });
  gate.open();
  await settled();
  expect(handled).toBe(20_000);
});

test("a message enters the turn that waits for it, and nothing else does", async () => {
  const mesh = scripted();
  const { log, letGo } = await withGates(mesh);
  mesh.deliver({ content: note(10) });
  const [{ request } = { request: 0 }] = mesh.mesh.sends;
  mesh.deliver({ content: note(1) });
  mesh.deliver({ content: note(2), reenters: request });
  mesh.deliver({ content: note(3), reenters: request });
  mesh.deliver({ content: note(4), reenters: request + 99 });
  expect(log).toEqual(["10 starts", "2 starts"]);
  await letGo(2);
  expect(log).toEqual(["10 starts", "2 starts", "2 ends", "3 starts"]);
  await letGo(3);
  mesh.settle(request, { kind: "done" });
  await settled();
  expect(log.slice(4)).toEqual(["3 ends", "10 ends", "1 starts"]);
});

test("a turn that was entered can be entered again", async () => {
  const mesh = scripted();
  const { log, letGo } = await withGates(mesh);
  mesh.deliver({ content: note(10) });
  mesh.deliver({ content: note(11), reenters: 1 });
  mesh.deliver({ content: note(1), reenters: 1 });
  mesh.deliver({ content: note(2), reenters: 2 });
  expect(log).toEqual(["10 starts", "11 starts", "2 starts"]);
  await letGo(2);
  mesh.settle(2, { kind: "done" });
  await settled();
  expect(log.slice(3)).toEqual(["2 ends", "11 ends", "1 starts"]);
});

test("a turn keeps its place until all that entered it are over", async () => {
  const mesh = scripted();
  const { log, letGo } = await withGates(mesh);
  mesh.deliver({ content: note(10) });
  mesh.deliver({ content: note(1), reenters: 1 });
  mesh.deliver({ content: note(2) });
  mesh.settle(1, { kind: "done" });
  await settled();
  expect(log).toEqual(["10 starts", "1 starts", "10 ends"]);
  // The send is settled: what says that it re-enters is too late for that.
  mesh.deliver({ content: note(3), reenters: 1 });
  await letGo(1);
  expect(log.slice(3)).toEqual(["1 ends", "2 starts"]);
});

test("an agent is created by its first delivery; later ones wait for it", async () => {
  const mesh = scripted();
  const made = new Gate();
  const log: string[] = [];
  await mesh.runtime.register(
    defineAgent("worker", {
      state: {
        initial: async (id) => {
          log.push(`makes ${id.text}`);
          await made.passed;
          return { n: 1 };
        },
      },
      handlers: (on) => [on(Note, ({ n }, ctx) => void log.push(`${n} with ${ctx.state.n}`))],
    }),
  );
  mesh.deliver({ content: note(1) });
  mesh.deliver({ content: note(2) });
  expect(log).toEqual(["makes worker/k"]);
  made.open();
  await settled();
  expect(log).toEqual(["makes worker/k", "1 with 1", "2 with 1"]);
});

test("an agent that cannot be created harms no sibling and is tried again", async () => {
  const mesh = scripted();
  let attempts = 0;
  const made = new Gate();
  await mesh.runtime.register(
    defineAgent("worker", {
      state: {
        initial: async () => {
          attempts++;
          if (attempts > 1) return { n: 1 };
          await made.passed;
          throw new Error("no disk");
        },
      },
      handlers: (on) => [on(Note, () => {})],
    }),
  );
  mesh.deliver({ content: note(1), activation: 1 });
  mesh.event(note(2), { activation: 1 });
  mesh.deliver({ content: note(3), activation: 2 });
  await settled();
  made.open();
  await settled();
  expect(mesh.mesh.endings).toEqual(["3: done", "1: ACTIVATION_FAILED", "2: ACTIVATION_FAILED"]);
  expect(mesh.mesh.ends[1]).toMatchObject({
    ending: { failure: { outcome: "not-executed", text: "worker/k: no disk" } },
  });
  mesh.deliver({ content: note(4), activation: 1 });
  await settled();
  expect(mesh.mesh.endings.at(-1)).toBe("4: done");
});

test("an agent whose creation throws at once or never ends is refused too", async () => {
  const mesh = scripted();
  await mesh.runtime.register(
    defineAgent("worker", {
      state: {
        initial: (id) => {
          if (id.key === "k") throw new Error("no");
          return new Promise<number>(() => {});
        },
      },
      handlers: (on) => [on(Note, () => {})],
    }),
  );
  mesh.deliver({ content: note(1) });
  mesh.deliver({ content: note(2), activation: 2, target: agentId("worker", "slow") });
  expect(mesh.mesh.endings).toEqual(["1: ACTIVATION_FAILED"]);
  mesh.clock.advance(60_100);
  expect(mesh.mesh.endings).toEqual(["1: ACTIVATION_FAILED", "2: ACTIVATION_FAILED"]);
  expect(mesh.runtime.activeAgents).toBe(0);
});

test("an agent whose creation throws something without a text is refused too", async () => {
  const mesh = scripted();
  await mesh.runtime.register(
    defineAgent("worker", {
      state: {
        initial: () => {
          throw Object.create(null);
        },
      },
      handlers: () => [],
    }),
  );
  mesh.deliver({ content: note(1) });
  expect(mesh.mesh.ends[0]?.ending).toMatchObject({
    failure: { code: "ACTIVATION_FAILED", text: "worker/k: threw a value that has no text" },
  });
  expect(mesh.runtime.activeAgents).toBe(0);
});

test("a delivery for a type that is not here is refused", () => {
  const mesh = scripted();
  mesh.deliver({ content: note(1) });
  expect(mesh.mesh.endings).toEqual(["1: AGENT_TYPE_UNKNOWN"]);
});

test("an idle agent is offered, ends when the mesh says so, and begins anew after its last act", async () => {
  const mesh = scripted();
  const log: string[] = [];
  const lastAct = new Gate();
  await mesh.runtime.register(
    defineAgent("worker", {
      idleMs: 800,
      state: { initial: () => ({ n: 0 }) },
      handlers: (on) => [on(Note, ({ n }, ctx) => void log.push(`${n} after ${ctx.state.n++}`))],
      onDeactivate: async (state, id) => {
        log.push(`${id.text} goes with ${state.n}`);
        await lastAct.passed;
      },
    }),
  );
  mesh.deliver({ content: note(1), activation: 1 });
  mesh.clock.advance(500);
  mesh.deliver({ content: note(2), activation: 1 });
  mesh.clock.advance(500);
  expect(mesh.mesh.numbersOf("idle")).toEqual([]);
  mesh.clock.advance(500);
  expect(mesh.mesh.numbersOf("idle")).toEqual([[1]]);
  expect(log).toEqual(["1 after 0", "2 after 1"]);
  mesh.core.deactivate([1]);
  expect(log.at(-1)).toBe("worker/k goes with 2");
  mesh.deliver({ content: note(3), activation: 2 });
  await settled();
  expect(log).toHaveLength(3);
  lastAct.open();
  await settled();
  expect(log.at(-1)).toBe("3 after 0");
});

test("an offer that comes to nothing is repeated; an agent that never idles is never offered", async () => {
  const mesh = scripted();
  const handlers = (on: On<undefined>) => [on(Note, () => {})];
  await mesh.runtime.register(defineAgent("worker", { idleMs: 800, handlers }));
  await mesh.runtime.register(defineAgent("pillar", { idleMs: 0, handlers }));
  mesh.deliver({ content: note(1), activation: 1 });
  mesh.deliver({ content: note(1), activation: 2, target: agentId("pillar", "k") });
  mesh.clock.advance(2_000);
  expect(mesh.mesh.numbersOf("idle")).toEqual([[1], [1]]);
});

test("an agent that must go while it works goes without a last act", async () => {
  const mesh = scripted();
  const end = new Gate();
  let reason: unknown;
  let lastActs = 0;
  await mesh.runtime.register(
    defineAgent("worker", {
      handlers: (on) => [
        on(Note, async (_, ctx) => {
          await end.passed;
          reason = ctx.signal.reason;
        }),
      ],
      onDeactivate: () => void lastActs++,
    }),
  );
  mesh.deliver({ content: note(1) });
  mesh.deliver({ content: note(2) });
  mesh.core.deactivate([1]);
  end.open();
  await settled();
  expect(reason).toMatchObject({ code: "ACTIVATION_STALE" });
  expect(mesh.mesh.ends).toEqual([]);
  expect(lastActs).toBe(0);
});

test("a last act that throws is counted and harms nobody", async () => {
  const mesh = scripted();
  const failing = (message: string) => ({
    handlers: (on: On<undefined>) => [on(Note, () => {})],
    onDeactivate: () => {
      throw new Error(message);
    },
  });
  await mesh.runtime.register(defineAgent("worker", failing("sync")));
  await mesh.runtime.register(
    defineAgent("async", {
      ...failing(""),
      onDeactivate: async () => {
        throw new Error("async");
      },
    }),
  );
  mesh.deliver({ content: note(1), activation: 1 });
  mesh.deliver({ content: note(1), activation: 2, target: agentId("async", "k") });
  mesh.core.deactivate([1, 2]);
  await settled();
  expect(mesh.runtime.counters.failedDeactivations).toBe(2);
  mesh.deliver({ content: note(1), activation: 3 });
  expect(mesh.mesh.endings.at(-1)).toBe("3: done");
});

test("a last act that never ends holds its agent up for no longer than a turn", async () => {
  const mesh = scripted();
  await mesh.runtime.register(
    defineAgent("worker", {
      handlers: (on) => [on(Note, () => {})],
      onDeactivate: () => new Promise<void>(() => {}),
    }),
  );
  mesh.deliver({ content: note(1), activation: 1 });
  mesh.core.deactivate([1]);
  mesh.deliver({ content: note(2), activation: 2 });
  mesh.clock.advance(900);
  await settled();
  expect(mesh.mesh.endings).toEqual(["1: done"]);
  mesh.clock.advance(110);
  await settled();
  expect(mesh.mesh.endings).toEqual(["1: done", "2: done"]);
  expect(mesh.runtime.counters.failedDeactivations).toBe(1);
});
