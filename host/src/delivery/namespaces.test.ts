import { AgentId, DEFAULTS } from "@agentmesh/proto";
import { expect, test } from "vitest";
import { Namespaces } from "./namespaces.ts";

function names(namespaces: Namespaces): string[] {
  return [...namespaces.all()].map(({ name }) => name);
}

test("naming a namespace keeps nothing", () => {
  const namespaces = new Namespaces(DEFAULTS);
  namespaces.get("blue");
  expect(names(namespaces)).toEqual([]);
});

test("a namespace is one and the same as long as a session or an agent type is in it", () => {
  const namespaces = new Namespaces(DEFAULTS);
  const blue = namespaces.get("blue");
  blue.join();
  expect(namespaces.get("blue")).toBe(blue);
  const type = blue.type("a");
  blue.leave();
  expect(namespaces.get("blue")).toBe(blue);
  blue.retireType(type);
  expect(names(namespaces)).toEqual([]);
});

test("a namespace is forgotten when what still waited at the end of its last session has ended", () => {
  const namespaces = new Namespaces(DEFAULTS);
  const blue = namespaces.get("blue");
  blue.join();
  const agent = blue.agent(new AgentId("a", "1"), blue.type("a"));
  agent.waiting = 1;
  blue.leave();
  expect(names(namespaces)).toEqual(["blue"]);
  agent.waiting = 0;
  blue.retire(agent);
  expect(names(namespaces)).toEqual([]);
});
