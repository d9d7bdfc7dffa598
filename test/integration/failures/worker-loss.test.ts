import { agentId, type Worker } from "@agentmesh/worker-sdk";
import { expect, test } from "vitest";
import { startHostProcess } from "../../support/processes.ts";
import { until } from "../../support/waiting.ts";
import {
  counted,
  RECOVERY_MS,
  settlement,
  startCaller,
  startWorker,
  told,
  type WorkerProcess,
} from "./mesh.ts";
import { Work } from "./programs/messages.ts";

const KEYS = 100;
const SENDS_PER_KEY = 10;
/** Of the sends to one agent, so many are shipped at a time; the others wait at the host. */
const SHIPPED_PER_KEY = 4;

test("kill -9 of a worker under 1 000 sends: the shipped ones fail with it, the others move", async () => {
  const host = await startHostProcess({ leaseMs: 500 });
  const start = { host: host.address, agentWindow: SHIPPED_PER_KEY };
  const [doomed, survivor] = await Promise.all([
    startWorker("doomed", start),
    startWorker("survivor", start),
  ]);
  const { worker: caller } = await startCaller({ host: host.address });

  const calls = Array.from({ length: KEYS * SENDS_PER_KEY }, (_, index) => {
    const key = `key-${index % KEYS}`;
    const sequence = Math.floor(index / KEYS) + 1;
    const work = Work({ sender: "caller", sequence, held: true });
    const sent = caller.send(agentId("probe", key), work, { timeoutMs: 60_000 });
    return { key, sequence, end: settlement(`send ${sequence} to ${key}`, sent) };
  });
  await counted(host.address, "sends", calls.length);
  const onDoomed = await heldAgents(doomed, survivor);
  expect(onDoomed.size).toBeGreaterThan(0);
  expect(onDoomed.size).toBeLessThan(KEYS);

  await doomed.kill();
  survivor.order({ kind: "open-gate" });
  for (const { key, sequence, end } of calls) {
    const settled = await end;
    if (onDoomed.has(`probe/${key}`) && sequence <= SHIPPED_PER_KEY) {
      expect(settled).toMatchObject({ kind: "failed" });
      if (settled.kind === "failed") {
        expect(told(settled.error)).toEqual({
          code: "WORKER_LOST",
          outcome: "unknown",
          retryable: false,
        });
      }
    } else {
      const first = onDoomed.has(`probe/${key}`) ? SHIPPED_PER_KEY + 1 : 1;
      expect(settled).toMatchObject({
        kind: "value",
        value: { worker: "survivor", sequence, before: sequence === first ? 0 : sequence - 1 },
      });
    }
  }
  const lapsed = host.log.entries.filter(({ event }) => event === "session.lapsed");
  expect(lapsed).toMatchObject([{ worker: "doomed" }]);
  await everyKeyIsServed(caller);
});

/** Waits until every agent has begun a turn. @returns the agents on the worker that is going to die. */
async function heldAgents(
  doomed: WorkerProcess,
  survivor: WorkerProcess,
): Promise<ReadonlySet<string>> {
  const begun = (): number => agentsOf(doomed).length + agentsOf(survivor).length;
  await until(() => begun() === KEYS, "every agent to begin a turn", RECOVERY_MS);
  return new Set(agentsOf(doomed));
}

function agentsOf({ notices }: WorkerProcess): string[] {
  return notices.entries.flatMap((notice) => (notice.kind === "held" ? [notice.agent] : []));
}

async function everyKeyIsServed(caller: Worker): Promise<void> {
  const work = Work({ sender: "later", sequence: 1 });
  const replies = await Promise.all(
    Array.from({ length: KEYS }, (_, key) => caller.send(agentId("probe", `key-${key}`), work)),
  );
  expect(new Set(replies.map(({ worker }) => worker))).toEqual(new Set(["survivor"]));
}
