import { agentId, topicId, type Worker } from "@agentmesh/worker-sdk";
import { expect, test } from "vitest";
import { startHostProcess } from "../../support/processes.ts";
import { eventually, until } from "../../support/waiting.ts";
import {
  counted,
  keysOn,
  RECOVERY_MS,
  settlement,
  startCaller,
  startWorker,
  told,
  type WorkerProcess,
} from "./mesh.ts";
import { CountUp, HAPPENINGS, Happened, Recall, Work } from "./programs/messages.ts";

const KEYS = 100;
const SENDS_PER_KEY = 10;
/** Of the sends to one agent, so many are shipped at a time; the others wait at the host. */
const SHIPPED_PER_KEY = 4;
const LOST = { code: "WORKER_LOST", outcome: "unknown", retryable: false };

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
        expect(told(settled.error)).toEqual(LOST);
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

test("kill -9 of a worker with events on their way: the next worker hears all of them, in order", async () => {
  const host = await startHostProcess({ leaseMs: 500 });
  const start = { host: host.address, agentWindow: SHIPPED_PER_KEY };
  const [doomed] = await Promise.all([
    startWorker("doomed", start),
    startWorker("survivor", start),
  ]);
  const { worker: caller } = await startCaller({ host: host.address });
  const keys = await keysOn(caller, "doomed", 20);
  // It hears nothing from now on, and its host does not know that yet.
  doomed.signal("SIGSTOP");
  for (let sequence = 1; sequence <= SENDS_PER_KEY; sequence++) {
    const event = Happened({ sender: "caller", sequence });
    await Promise.all(keys.map((key) => caller.publish(topicId(HAPPENINGS, key), event)));
  }
  await doomed.kill();
  for (const key of keys) {
    const { heard } = await eventually(
      () => caller.send(agentId("probe", key), Recall({})),
      (answer) => answer.heard.length >= SENDS_PER_KEY,
      `all events to reach ${key}`,
      RECOVERY_MS,
    );
    // Those that had left for the lost worker may have been begun there, and say so.
    const attempts = heard.map(({ attempt }, at) => (at < SHIPPED_PER_KEY ? attempt - 1 : attempt));
    expect(heard.map(({ sequence }) => sequence)).toEqual(heard.map((_, at) => at + 1));
    expect(attempts).toEqual(heard.map(() => 1));
    expect(heard).toHaveLength(SENDS_PER_KEY);
  }
});

test("a stream of replies whose worker dies ends with what has come, and an error", async () => {
  const host = await startHostProcess({ leaseMs: 500 });
  const doomed = await startWorker("doomed", { host: host.address });
  const { worker: caller } = await startCaller({ host: host.address });
  const endless = CountUp({ name: "cut off", upTo: Number.MAX_SAFE_INTEGER });
  const numbers: number[] = [];
  const reading = async (): Promise<void> => {
    for await (const { number } of caller.stream(agentId("probe", "counter"), endless)) {
      numbers.push(number);
      if (number === 1_000) await doomed.kill();
    }
  };
  const settled = await settlement("the stream", reading());
  expect(settled.kind === "failed" && told(settled.error)).toEqual(LOST);
  expect(numbers.length).toBeGreaterThanOrEqual(1_000);
  expect(numbers).toEqual(numbers.map((_, at) => at + 1));
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
