import { agentId, type Worker } from "@agentmesh/worker-sdk";
import { expect, test } from "vitest";
import { startHostProcess } from "../../support/processes.ts";
import { settlement, startCaller, startWorker } from "./mesh.ts";
import { Relay, Work } from "./programs/messages.ts";

const CHAINS = 40;
const DEPTH = 5;

/** Two workers that take two deliveries at a time, each with an agent type of its own, and a caller. */
async function startPair(): Promise<Worker> {
  const host = await startHostProcess();
  await Promise.all(
    ["left", "right"].map((name) =>
      startWorker(name, { host: host.address, types: [name], maxInFlight: 2 }),
    ),
  );
  return (await startCaller({ host: host.address })).worker;
}

function relay(caller: Worker, [first = "", ...path]: readonly string[]) {
  const target = agentId(...(first.split("/", 2) as [string, string]));
  return settlement(`the chain from ${first}`, caller.send(target, Relay({ path })));
}

test(`max_in_flight 2: chains of depth ${DEPTH} over two workers complete`, async () => {
  const caller = await startPair();
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

test("a chain comes back to an agent that waits for it, over two workers, and others wait", async () => {
  const caller = await startPair();
  const chains = Array.from({ length: CHAINS }, (_, chain) => `left/agent-${chain}`);
  const ends = chains.map((agent) => relay(caller, [agent, "right/b", agent, "right/c", agent]));
  // What does not belong to the chains finds each agent with nothing half done.
  const others = chains.map((_, chain) => {
    const work = Work({ sender: "caller", sequence: 1 });
    return settlement("another send", caller.send(agentId("left", `agent-${chain}`), work));
  });
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
  for (const settled of await Promise.all(others)) {
    expect(settled).toMatchObject({ kind: "value", value: { worker: "left", count: 1 } });
  }
});

function sideOf(depth: number): string {
  return depth % 2 === 0 ? "left" : "right";
}
