/** The host is killed and comes back: 100 sessions serve again, and none of their code knows. */
import path from "node:path";
import { agentId, MeshError, type Worker } from "@agentmesh/worker-sdk";
import { z } from "zod";
import { startHostProcess, startProgram } from "../../support/processes.ts";
import { within } from "../../support/waiting.ts";
import { startCaller } from "../caller.ts";
import { Task } from "../programs/messages.ts";
import type { CrowdTask } from "../programs/protocol.ts";
import type { Row } from "../row.ts";
import type { Stage } from "../stage.ts";

const PROCESSES = 4;
const SESSIONS_EACH = 25;
/** Milliseconds from the death of the old host until everyone has answered. */
const MUST_MS = 5_000;
/** Key of an agent of each type that is there all the time. */
const RESIDENT = "resident";
const LIMIT_MS = 60_000;

export const restart100: Row = {
  id: "restart-100",
  title: `the host is killed and started: ${PROCESSES * SESSIONS_EACH} sessions serve again within ${MUST_MS} ms`,
  async run(stage) {
    const restarts = stage.size(10, 2);
    let host = await startHostProcess();
    const { address } = host;
    const types = (
      await Promise.all(crowdTypes().map((each) => startCrowd(stage, address, each)))
    ).flat();
    const caller = await startCaller(address);
    await everyoneAnswers(caller, types, RESIDENT);
    const times: number[] = [];
    const newcomers: number[] = [];
    for (let restart = 1; restart <= restarts; restart++) {
      await host.kill();
      const killedAt = performance.now();
      const since = () => Math.round(performance.now() - killedAt);
      host = await startHostProcess({ listen: address });
      const readyMs = since();
      // An agent that is not there yet is made when the host knows that it has not come back elsewhere.
      const made = everyoneAnswers(caller, types, `restart-${restart}`).then(since);
      await everyoneAnswers(caller, types, RESIDENT);
      times.push(since());
      newcomers.push(await made);
      const told = `host ready after ${readyMs} ms, all serve after ${times.at(-1)} ms`;
      stage.say(`restart ${restart}: ${told}, new agents after ${newcomers.at(-1)} ms`);
    }
    const worstMs = Math.max(...times);
    // A small run tells times and judges none: it may have to share its machine.
    const mostMs = stage.size(MUST_MS, LIMIT_MS);
    if (worstMs > mostMs)
      stage.problem(`it took ${worstMs} ms once, and must take ${mostMs} ms at most`);
    const newAgentsMs = medianOf(newcomers);
    return { restarts, sessions: types.length, medianMs: medianOf(times), worstMs, newAgentsMs };
  },
};

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function crowdTypes(): string[][] {
  return Array.from({ length: PROCESSES }, (_, crowd) =>
    Array.from({ length: SESSIONS_EACH }, (_, index) => `crowd-${crowd}-${index}`),
  );
}

/** Starts a process with so many sessions. @returns their agent types. */
async function startCrowd(
  stage: Stage,
  host: string,
  agentTypes: readonly string[],
): Promise<readonly string[]> {
  const [name = "crowd"] = agentTypes;
  const task: CrowdTask = { host, agentTypes, journal: path.join(stage.subfolder("turns"), name) };
  const source = new URL("../programs/crowd.ts", import.meta.url);
  await startProgram({ name, source, task, read: z.object({ kind: z.string() }).parse });
  return agentTypes;
}

/** Asks the agent `key` of each session until it has answered. */
async function everyoneAnswers(
  caller: Worker,
  types: readonly string[],
  key: string,
): Promise<void> {
  const asked = types.map(async (type) => {
    while (!(await answers(caller, type, key)));
  });
  await within(Promise.all(asked), () => "an answer of every session", LIMIT_MS);
}

async function answers(caller: Worker, type: string, key: string): Promise<boolean> {
  try {
    await caller.send(agentId(type, key), Task({ id: `${type}/${key}`, takesMs: 0 }));
    return true;
  } catch (error) {
    if (error instanceof MeshError) return false;
    throw error;
  }
}
