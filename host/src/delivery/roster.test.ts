import { AgentId } from "@agentmesh/proto";
import { expect, test } from "vitest";
import { Agent } from "./agent.ts";
import type { Namespace } from "./namespace.ts";
import { Namespaces } from "./namespaces.ts";
import { type ActiveAgent, Roster } from "./roster.ts";
import { Worker, type WorkerSink } from "./worker.ts";

const all = (_agent: ActiveAgent): boolean => true;

function ignore(): void {
  // Nothing leaves in these tests.
}

const SINK: WorkerSink = {
  isFull: false,
  deliver: ignore,
  deliverEvent: ignore,
  cancelDelivery: ignore,
  grantStream: ignore,
  deactivate: ignore,
};

/** Agents are put to rest between two turns of the event loop. */
function turnOver(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

interface Filled {
  readonly namespace: Namespace;
  readonly roster: Roster;
  readonly worker: Worker;
  readonly agents: Agent[];
}

/** Agents `a/0`, `a/1` and so on with activations 1, 2 and so on, all active on one worker. */
function filled(count: number, mostAwake = 100_000): Filled {
  const namespace = new Namespaces({ agentWindow: 16, maxTurnMs: 1_000 }).get("default");
  const worker = new Worker("worker", namespace, 16, SINK);
  const roster = new Roster(namespace, mostAwake);
  const agents = Array.from({ length: count }, (_, index) =>
    activated(roster, worker, String(index), index + 1),
  );
  return { namespace, roster, worker, agents };
}

function activated(roster: Roster, worker: Worker, key: string, activation: number): Agent {
  const type = worker.namespace.type("a");
  const agent = new Agent(new AgentId("a", key), worker.namespace, type);
  agent.worker = worker;
  agent.activation = activation;
  type.agents.set(key, agent);
  worker.agents.add(agent);
  roster.add(agent);
  return agent;
}

/** Keys on all pages of at most `limit`. `between` runs before each page but the first. */
function keysOf(roster: Roster, limit: number, isWanted = all, between = (): void => {}): string[] {
  const keys: string[] = [];
  let next = 0;
  do {
    if (next > 0) between();
    const page = roster.page(next, limit, isWanted);
    keys.push(...page.agents.map(({ id }) => id.key));
    next = page.next;
  } while (next > 0);
  return keys;
}

test("pages hold each agent once", () => {
  const { namespace, roster } = filled(7);
  for (const limit of [1, 3, 7, 100]) expect(keysOf(roster, limit)).toEqual([..."0123456"]);
  expect(keysOf(new Roster(namespace), 3)).toEqual([]);
});

test("who is there all the time is on one page, whoever comes and goes meanwhile", () => {
  const { roster, worker, agents } = filled(3_000);
  const leaving = agents.filter((_, index) => index % 3 !== 0).values();
  let number = 10_000;
  const between = (): void => {
    for (let count = 0; count < 200; count++) {
      const { value } = leaving.next();
      if (value === undefined) return;
      roster.remove(value);
      if (count % 2 === 0) activated(roster, worker, `new-${number}`, number++);
    }
  };
  const seen = keysOf(roster, 10, all, between);
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen.filter((key) => Number(key) % 3 === 0)).toHaveLength(1_000);
});

test("an agent that has gone is not found, and may come back", () => {
  const { namespace, roster, worker, agents } = filled(3);
  const [first] = agents as [Agent];
  roster.remove(first);
  roster.remove(first);
  expect([roster.size, roster.get(1), roster.find(namespace.type("a"), "0")]).toEqual([
    2,
    undefined,
    undefined,
  ]);
  const again = activated(roster, worker, "0", 4);
  expect([roster.get(4), roster.find(namespace.type("a"), "0")]).toEqual([again, again]);
});

test("a page looks at a bounded number of agents, and paging still ends", () => {
  const { roster } = filled(5_000);
  const page = roster.page(0, 10, ({ id }) => id.key === "4999");
  expect([page.agents, page.next]).toEqual([[], 2_000]);
  expect(keysOf(roster, 10, ({ id }) => id.key === "4999")).toEqual(["4999"]);
});

test("agents that rest are what they were when they are looked up", async () => {
  const { namespace, roster, worker } = filled(3_000, 10);
  const type = namespace.type("a");
  await turnOver();
  expect([type.agents.size, type.resting, worker.agents.size, worker.activeAgents]).toEqual([
    10, 2_990, 10, 3_000,
  ]);
  expect(roster.size).toBe(3_000);
  expect(keysOf(roster, 100)).toHaveLength(3_000);
  for (const index of [0, 1_500, 2_999]) {
    expect(roster.workerOf(type, String(index))).toBe(worker);
    const agent = roster.find(type, String(index));
    expect([agent?.id.text, agent?.activation, agent?.worker]).toEqual([
      `a/${index}`,
      index + 1,
      worker,
    ]);
    expect(roster.get(index + 1)).toBe(agent);
    expect(type.agents.get(String(index))).toBe(agent);
  }
  expect(type.resting).toBe(2_988);
});

test("who has something to do, or is waited for, stays awake", async () => {
  const { roster, worker, agents } = filled(8, 0);
  const [inFlight, waiting, leaving, forCredit, held, gone, idle] = agents as Agent[];
  if (inFlight && waiting && leaving && forCredit && held && gone) {
    inFlight.inFlight = 1;
    waiting.waiting = 1;
    leaving.isLeaving = true;
    worker.waitForCredit(forCredit);
    worker.held.add(held);
    roster.remove(gone);
  }
  await turnOver();
  expect(roster.get(1)).toBe(inFlight);
  expect(roster.get(2)).toBe(waiting);
  expect(roster.get(3)).toBe(leaving);
  expect(roster.get(4)).toBe(forCredit);
  expect(roster.get(5)).toBe(held);
  expect(roster.get(6)).toBe(undefined);
  expect(roster.get(7)).not.toBe(idle);
});

test("what rests on a worker ends together, by type, and nothing of it is left", async () => {
  const { namespace, roster, worker } = filled(2_500, 0);
  const other = new Worker("other", namespace, 16, SINK);
  activated(roster, other, "elsewhere", 9_000);
  await turnOver();
  expect(roster.dismissAll(worker, namespace.type("b"))).toEqual([]);
  const numbers = roster.dismissAll(worker, namespace.type("a"));
  expect(numbers.toSorted((one, two) => one - two)).toEqual(
    Array.from({ length: 2_500 }, (_, index) => index + 1),
  );
  expect([worker.activeAgents, other.activeAgents, roster.size]).toEqual([0, 1, 1]);
  expect(roster.holder(1)).toBe(undefined);
  roster.dismiss(9_000);
  expect([namespace.type("a").resting, roster.size, keysOf(roster, 10)]).toEqual([0, 0, []]);
});

test("agents of one key are kept apart by their types", async () => {
  const { namespace, roster, worker } = filled(1, 0);
  const other = new Agent(new AgentId("b", "0"), namespace, namespace.type("b"));
  other.worker = worker;
  other.activation = 77;
  roster.add(other);
  await turnOver();
  expect(roster.find(namespace.type("a"), "0")?.activation).toBe(1);
  expect(roster.find(namespace.type("b"), "0")?.activation).toBe(77);
  expect(roster.find(namespace.type("c"), "0")).toBe(undefined);
});
