import { AgentId } from "@agentmesh/proto";
import { expect, test } from "vitest";
import type { Agent } from "./agent.ts";
import { Namespaces } from "./namespaces.ts";
import { Roster } from "./roster.ts";

const all = (_agent: Agent): boolean => true;

/** Agents `a/0`, `a/1` and so on, all in the roster. */
function filled(count: number): { roster: Roster; agents: Agent[] } {
  const roster = new Roster();
  const namespace = new Namespaces({ agentWindow: 16, maxTurnMs: 1_000 }).get("default");
  const agents = Array.from({ length: count }, (_, index) =>
    namespace.agent(new AgentId("a", String(index)), namespace.type("a")),
  );
  for (const agent of agents) roster.add(agent);
  return { roster, agents };
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

test("pages hold each agent once, in the order in which they became active", () => {
  const { roster } = filled(7);
  for (const limit of [1, 3, 7, 100]) expect(keysOf(roster, limit)).toEqual([..."0123456"]);
  expect(keysOf(new Roster(), 3)).toEqual([]);
});

test("agents that leave between two pages are left out, and nobody else", () => {
  const { roster, agents } = filled(300);
  const leaving = agents.filter((_, index) => index % 3 !== 0).values();
  const between = (): void => {
    for (let count = 0; count < 20; count++) {
      const { value } = leaving.next();
      if (value !== undefined) roster.remove(value);
    }
  };
  const seen = keysOf(roster, 10, all, between).map(Number);
  expect(seen).toEqual([...seen].sort((one, other) => one - other));
  expect(seen.filter((index) => index % 3 === 0)).toHaveLength(100);
});

test("an agent that comes back stands at the end", () => {
  const { roster, agents } = filled(3);
  const [first] = agents as [Agent];
  roster.remove(first);
  roster.remove(first);
  roster.add(first);
  expect(keysOf(roster, 2)).toEqual(["1", "2", "0"]);
});

test("a page looks at a bounded number of agents, and paging still ends", () => {
  const { roster } = filled(5_000);
  const page = roster.page(0, 10, ({ id }) => id.key === "4999");
  expect([page.agents, page.next]).toEqual([[], 2_000]);
  expect(keysOf(roster, 10, ({ id }) => id.key === "4999")).toEqual(["4999"]);
});
