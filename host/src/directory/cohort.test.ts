import { describe, expect, test } from "vitest";
import { AgentType } from "./agent-type.ts";
import { hashOf } from "./placement.ts";

const LIMITS = { agentWindow: 1, maxTurnMs: 1, concurrency: 1 };

function worker(name: string) {
  return { placementHash: hashOf(name), load: 0, isPlaceable: true, isLeaving: false };
}

const [one, two, three] = [worker("one"), worker("two"), worker("three")];

/** Two types of a cohort that knows where keys live, on these workers. */
function pair(homes: ReadonlyMap<string, typeof one>, workers = [one, two]) {
  const cohort = { workerOf: (key: string) => homes.get(key) };
  return ["a", "b"].map((name) => {
    const type = new AgentType<typeof one, object>(name, LIMITS);
    for (const owner of workers) type.add(owner, LIMITS);
    type.cohort = cohort;
    return type;
  });
}

describe("types of a cohort", () => {
  test("place agents of one key on one worker", () => {
    const [a, b] = pair(new Map());
    for (let index = 0; index < 100; index++) {
      const key = `k/${index}`;
      expect(a?.place(key)).toBe(b?.place(key));
    }
  });

  test("place an agent where another of its key lives", () => {
    for (const home of [one, two]) {
      const [a] = pair(new Map([["k", home]]));
      expect(a?.place("k")).toBe(home);
    }
  });

  test("place it elsewhere when that worker has not announced its type", () => {
    const [a] = pair(new Map([["k", three]]), [one]);
    expect(a?.place("k")).toBe(one);
  });
});
