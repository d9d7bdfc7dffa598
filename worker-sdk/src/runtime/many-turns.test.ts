/** What the end of many turns at a time costs: nothing is looked for once for each of them. */
import { agentId } from "@agentmesh/proto";
import { NumberMap } from "@agentmesh/proto/link";
import { afterEach, beforeEach, expect, type MockInstance, test, vi } from "vitest";
import { defineAgent } from "../agent/define-agent.ts";
import { Note } from "../test-doubles/messages.ts";
import { jsonContent, type Scripted, scripted, settled } from "../test-doubles/scripted-mesh.ts";

const other = agentId("other", "k");
const note = (n: number) => jsonContent("test.Note", { n });
const AGENTS = 50;

let scans: MockInstance<() => unknown[]>;

beforeEach(() => {
  scans = vi.spyOn(NumberMap.prototype, "values");
});

afterEach(() => {
  scans.mockRestore();
});

/** Many agents, each with a turn that waits for a send. */
async function crowd(): Promise<Scripted> {
  const mesh = scripted();
  await mesh.runtime.register(
    defineAgent("worker", {
      handlers: (on) => [on(Note, ({ n }, ctx) => ctx.send(other, Note({ n })))],
    }),
  );
  for (let n = 1; n <= AGENTS; n++) {
    mesh.deliver({ content: note(n), activation: n, target: agentId("worker", String(n)) });
  }
  scans.mockClear();
  return mesh;
}

test("a lapse looks through the turns once, and cancels what they wait for", async () => {
  const { core, mesh } = await crowd();
  core.lapsed();
  expect(mesh.numbersOf("cancel")).toHaveLength(AGENTS);
  expect(scans).toHaveBeenCalledTimes(1);
});

test("the end of many busy agents looks through the turns once", async () => {
  const { core, mesh, runtime } = await crowd();
  core.deactivate(Array.from({ length: AGENTS }, (_, index) => index + 1));
  expect(mesh.numbersOf("cancel")).toHaveLength(AGENTS);
  expect(runtime.activeAgents).toBe(0);
  expect(scans).toHaveBeenCalledTimes(1);
});

test("agents that cannot be created and events that fail look through none", async () => {
  const { runtime, mesh, deliver, event } = scripted();
  const failing = (): never => {
    throw new Error("no");
  };
  await runtime.register(
    defineAgent("newborn", { state: { initial: failing }, handlers: () => [] }),
  );
  await runtime.register(defineAgent("worker", { handlers: (on) => [on(Note, failing)] }));
  scans.mockClear();
  deliver({ content: note(1), target: agentId("newborn", "k") });
  event(note(2), { activation: 2, durable: true, lane: 1 });
  expect(mesh.endings).toEqual(["1: ACTIVATION_FAILED", "2: HANDLER_FAILED"]);
  expect(scans).not.toHaveBeenCalled();
});

test("the sends of one turn are cancelled in their order, the settled ones and those of others are not", async () => {
  const { runtime, core, mesh, deliver, settle } = scripted();
  await runtime.register(
    defineAgent("worker", {
      handlers: (on) => [
        on(Note, async ({ n }, ctx) => {
          const sends = [1, 2, 3, 4].map(() => ctx.send(other, Note({ n })));
          await Promise.allSettled(sends);
        }),
      ],
    }),
  );
  deliver({ content: note(1) });
  deliver({ content: note(2), activation: 2, target: agentId("worker", "z") });
  for (const request of [1, 3]) settle(request, { kind: "done" });
  core.cancelDelivery(1, "CANCELLED");
  expect(mesh.numbersOf("cancel")).toEqual([[2], [4]]);
  await settled();
  expect(core.calls.size).toBe(4);
});

test("a turn that outlived its session stops no sends of the turn that has its number now", async () => {
  const { runtime, core, mesh, clock, deliver } = scripted();
  await runtime.register(
    defineAgent("worker", {
      maxTurnMs: 5_000,
      handlers: (on) => [
        on(Note, ({ n }, ctx) =>
          n === 1 ? new Promise<void>(() => {}) : ctx.send(other, Note({ n })),
        ),
      ],
    }),
  );
  deliver({ content: note(1), activation: 5 });
  core.renewed({ adopted: [5], leftThrough: 0 });
  clock.advance(4_000);
  deliver({ delivery: 1, content: note(2), activation: 6, target: agentId("worker", "z") });
  clock.advance(3_000);
  expect(runtime.activeAgents).toBe(1);
  expect(mesh.numbersOf("cancel")).toEqual([]);
});
