import { BOUNDS, DEFAULTS } from "@agentmesh/proto";
import { expect, test } from "vitest";
import { AgentType } from "./agent-type.ts";
import { type Candidate, hashOf } from "./placement.ts";

function worker(name: string): Candidate {
  return { placementHash: hashOf(name), load: 0, isPlaceable: true, isLeaving: false };
}

test("a type is known while a worker announces it", () => {
  const type = new AgentType<Candidate, object>("a", DEFAULTS);
  const one = worker("one");
  expect([
    type.isKnown,
    type.add(one, { agentWindow: 0, maxTurnMs: 0, concurrency: 0 }),
    type.add(one, { agentWindow: 0, maxTurnMs: 0, concurrency: 0 }),
  ]).toEqual([false, true, false]);
  expect([type.isKnown, type.workerCount, type.remove(one), type.remove(one)]).toEqual([
    true,
    1,
    true,
    false,
  ]);
  expect(type.isKnown).toBe(false);
});

test("a worker that asks for a window without end gets the largest that there is", () => {
  const type = new AgentType<Candidate, object>("a", DEFAULTS);
  type.add(worker("greedy"), { agentWindow: 2 ** 32 - 1, maxTurnMs: 0, concurrency: 0 });
  expect(type.agentWindow).toBe(BOUNDS.agentWindow);
});

test("its window is the smallest that a worker announced, the host's where none did", () => {
  const type = new AgentType<Candidate, object>("a", DEFAULTS);
  const [plain, wide, narrow] = [worker("plain"), worker("wide"), worker("narrow")];
  expect(type.agentWindow).toBe(16);
  type.add(wide, { agentWindow: 100, maxTurnMs: 0, concurrency: 0 });
  expect(type.agentWindow).toBe(100);
  type.add(plain, { agentWindow: 0, maxTurnMs: 0, concurrency: 0 });
  expect(type.agentWindow).toBe(16);
  type.add(narrow, { agentWindow: 1, maxTurnMs: 0, concurrency: 0 });
  expect(type.agentWindow).toBe(1);
  type.remove(narrow);
  expect(type.agentWindow).toBe(16);
});

test("a turn may take as long as its most patient worker announced, or as the host says", () => {
  const type = new AgentType<Candidate, object>("a", DEFAULTS);
  expect(type.maxTurnMs).toBe(DEFAULTS.maxTurnMs);
  type.add(worker("quick"), { agentWindow: 0, maxTurnMs: 1_000, concurrency: 0 });
  expect(type.maxTurnMs).toBe(1_000);
  type.add(worker("patient"), { agentWindow: 0, maxTurnMs: 5_000, concurrency: 0 });
  expect(type.maxTurnMs).toBe(5_000);
});
