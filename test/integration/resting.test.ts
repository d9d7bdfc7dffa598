import {
  agentId,
  connectWorker,
  defineAgent,
  defineMessage,
  type Worker,
} from "@agentmesh/worker-sdk";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { hostForTest, type TestHost } from "../support/host.ts";

/** More than stay awake at the host or on a worker. */
const KEYS = Array.from({ length: 6_000 }, (_, key) => `key-${key}`);

const touched = z.object({ times: z.number(), activation: z.number(), worker: z.string() });
const Touch = defineMessage("test.Touch", z.object({}), {
  reply: defineMessage("test.Touched", touched),
});
type Touched = z.infer<typeof touched>;

/** A worker whose agents count how often they are touched. */
async function counting({ address }: TestHost, name: string): Promise<Worker> {
  const worker = await connectWorker({ host: address, name });
  onTestFinished(() => worker.close());
  await worker.register(
    defineAgent("counter", {
      state: { initial: () => ({ times: 0 }) },
      handlers: (on) => [
        on(Touch, async (_, { state, activation }) => {
          state.times++;
          return { times: state.times, activation, worker: name };
        }),
      ],
    }),
  );
  return worker;
}

async function touchAll(caller: Worker): Promise<Touched[]> {
  return Promise.all(KEYS.map((key) => caller.send(agentId("counter", key), Touch({}))));
}

test("agents that rest are who they were when a message wakes them, and their worker takes them along", async () => {
  const mesh = await hostForTest();
  await counting(mesh, "staying");
  const leaving = await counting(mesh, "leaving");
  const caller = await connectWorker({ host: mesh.address, name: "caller" });
  onTestFinished(() => caller.close());

  const first = await touchAll(caller);
  const second = await touchAll(caller);
  expect(second).toEqual(first.map((one) => ({ ...one, times: 2 })));
  await mesh.untilStatus(({ agentsActive }) => agentsActive === KEYS.length, "all are active");
  const saved = await leaving.saveState();
  expect(saved.agents.length).toBe(first.filter(({ worker }) => worker === "leaving").length);

  await leaving.close();
  await mesh.untilStatus(({ agentsActive }) => agentsActive < KEYS.length, "its agents have gone");
  const third = await touchAll(caller);
  expect(third.every(({ worker }) => worker === "staying")).toBe(true);
  const before = new Map(second.map((one, index) => [KEYS[index], one]));
  const isWrong = (now: Touched, index: number): boolean => {
    const was = before.get(KEYS[index] ?? "");
    if (was === undefined) return true;
    if (was.worker === "staying") return now.times !== 3 || now.activation !== was.activation;
    return now.times !== 1 || now.activation <= was.activation;
  };
  expect(third.filter(isWrong)).toEqual([]);
});
