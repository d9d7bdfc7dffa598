import { parseAgentId, type Worker } from "@agentmesh/worker-sdk";
import { expect, test } from "vitest";
import { startHostProcess } from "../../support/processes.ts";
import { heldTurns, settlement, startCaller, startWorker } from "./mesh.ts";
import { Relay, Work } from "./programs/messages.ts";

const CHAINS = 40;
const DEPTH = 5;

/** Two workers that take so many deliveries at a time, each with an agent type of its own, and a caller. */
async function startPair(maxInFlight: number) {
  const { address: host } = await startHostProcess();
  const start = (name: string) => startWorker(name, { host, types: [name], maxInFlight });
  const [, right] = await Promise.all([start("left"), start("right")]);
  return { caller: (await startCaller({ host })).worker, right };
}

function relay(caller: Worker, [first = "", ...path]: readonly string[], held = false) {
  return settlement(
    `the chain from ${first}`,
    caller.send(parseAgentId(first), Relay({ path, held })),
  );
}

test(`max_in_flight 2: chains of depth ${DEPTH} over two workers complete`, async () => {
  const { caller } = await startPair(2);
  const paths = Array.from({ length: CHAINS }, (_, chain) =>
    Array.from({ length: DEPTH + 1 }, (_, depth) => `${sideOf(depth)}/${chain}-${depth}`),
  );
  const ends = await Promise.all(paths.map((path) => relay(caller, path)));
  expect(ends).toEqual(
    paths.map((path) => ({
      kind: "value",
      value: { visits: path.map((agent, depth) => `${agent}@${sideOf(depth)}`) },
    })),
  );
});

test("a chain comes back to an agent that waits for it, over two workers", async () => {
  const { caller } = await startPair(2);
  const chains = Array.from({ length: CHAINS }, (_, chain) => `left/agent-${chain}`);
  const ends = chains.map((agent) => relay(caller, [agent, "right/b", agent, "right/c", agent]));
  expect(await Promise.all(ends)).toEqual(
    chains.map((agent) => ({
      kind: "value",
      value: {
        visits: [
          `${agent}@left`,
          "right/b@right",
          `${agent}@left`,
          "right/c@right",
          `${agent}@left`,
        ],
      },
    })),
  );
});

test("what does not belong to a chain waits for its end, over two workers", async () => {
  const { caller, right } = await startPair(2 * CHAINS + 1);
  const paths = Array.from({ length: CHAINS }, (_, n) => [`left/agent-${n}`, `right/end-${n}`]);
  const ends = paths.map((path) => relay(caller, path, true));
  await heldTurns(right, CHAINS);
  // Every agent on the left waits now for one on the right.
  const work = Work({ sender: "caller", sequence: 1 });
  let settled = 0;
  const others = paths.map(async ([agent = ""]) => {
    const end = await settlement("another send", caller.send(parseAgentId(agent), work));
    settled++;
    return end;
  });
  // It is sent later over the same streams: what was sent before has arrived when it is answered.
  await caller.send(parseAgentId("left/free"), work);
  expect(settled).toBe(0);
  right.order({ kind: "open-gate" });
  expect(await Promise.all(ends)).toEqual(
    paths.map(([first, last]) => ({
      kind: "value",
      value: { visits: [`${first}@left`, `${last}@right`] },
    })),
  );
  for (const end of await Promise.all(others)) {
    expect(end).toMatchObject({ kind: "value", value: { worker: "left", count: 1, relaying: 0 } });
  }
});

function sideOf(depth: number): string {
  return depth % 2 === 0 ? "left" : "right";
}
