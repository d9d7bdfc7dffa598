import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { agentId, topicId } from "@agentmesh/worker-sdk";
import { expect, test } from "vitest";
import { startHostProcess } from "../../support/processes.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { eventually } from "../../support/waiting.ts";
import {
  type Caller,
  callerStatus,
  heldTurns,
  RECOVERY_MS,
  type Settlement,
  settlement,
  startCaller,
  startWorker,
  statusOf,
  told,
} from "./mesh.ts";
import { HAPPENINGS, Happened, Recall, Work } from "./programs/messages.ts";
import { Traffic } from "./traffic.ts";

/** Agents stay alive over a restart when their worker is back within the lease. */
const OPTIONS = { leaseMs: 25_000, settleMs: 3_000 };
const LEFT_AND_LOST = { code: "CONNECTION_LOST", outcome: "unknown", retryable: false };
const HELD = 20;

const work = (sequence: number, held = false) => Work({ sender: "caller", sequence, held });
const happened = (sequence: number) => Happened({ sender: "caller", sequence });

function failureOf(settled: Settlement<unknown>) {
  return settled.kind === "failed" ? told(settled.error) : settled;
}

async function heardBy({ worker }: Caller, key: string, count: number): Promise<readonly number[]> {
  const recall = () => worker.send(agentId("probe", key), Recall({}));
  const { heard } = await eventually(
    recall,
    (answer) => answer.heard.length >= count,
    `${count} events to reach ${key}`,
    RECOVERY_MS,
  );
  return heard.map(({ sequence }) => sequence);
}

test("kill -9 of the host and a new one: workers come back, and everything open settles as it must", async () => {
  const host = await startHostProcess(OPTIONS);
  const link = await startTcpProxy(host.address);
  const worker = await startWorker("steady", { host: host.address });
  const caller = await startCaller({ host: link.address });
  const { worker: mesh } = caller;
  const alive = agentId("probe", "alive");
  const before = await mesh.send(alive, work(1));
  await mesh.publish(topicId(HAPPENINGS, "ears"), happened(1));
  expect(await heardBy(caller, "ears", 1)).toEqual([1]);

  // Sends whose turns run; then a send and a publish that leave this process and do not arrive.
  const running = Array.from({ length: HELD }, (_, key) =>
    settlement(`held send ${key}`, mesh.send(agentId("probe", `held-${key}`), work(1, true))),
  );
  await heldTurns(worker, HELD);
  link.stall();
  const onItsWay = settlement("a send on its way", mesh.send(alive, work(2)));
  const publishes = [mesh.publish(topicId(HAPPENINGS, "ears"), happened(2))];
  // What is sent in one turn of the event loop leaves at its end.
  await turnOfTheLoop();
  await turnOfTheLoop();

  const marks = { ofWorker: worker.notices.mark, ofCaller: caller.status.mark };
  await host.kill();
  link.cut("reset");
  await statusOf(worker, "suspended", { from: marks.ofWorker });
  await callerStatus(caller, "suspended", { from: marks.ofCaller });

  // Without a host nothing leaves.
  const later = settlement("a send without a host", mesh.send(alive, work(3)), 2 * RECOVERY_MS);
  publishes.push(mesh.publish(topicId(HAPPENINGS, "ears"), happened(3)));
  const unknown = settlement("a send to nobody", mesh.send(agentId("nobody", "a"), work(1)));
  link.resume();
  await startHostProcess({ ...OPTIONS, listen: host.address });
  expect(await statusOf(worker, "connected", { from: marks.ofWorker })).toMatchObject({
    resumed: false,
  });
  expect(await callerStatus(caller, "connected", { from: marks.ofCaller })).toMatchObject({
    resumed: false,
  });

  expect(failureOf(await onItsWay)).toEqual(LEFT_AND_LOST);
  for (const settled of await Promise.all(running))
    expect(failureOf(settled)).toEqual(LEFT_AND_LOST);
  // The agent is the one of before: its activation and state have survived.
  expect(await later).toEqual({
    kind: "value",
    value: {
      worker: "steady",
      activation: before.activation,
      sequence: 3,
      before: 1,
      count: 2,
      relaying: 0,
    },
  });
  await Promise.all(publishes);
  expect(await heardBy(caller, "ears", 3)).toEqual([1, 2, 3]);
  expect(failureOf(await unknown)).toMatchObject({
    code: "AGENT_TYPE_UNKNOWN",
    outcome: "not-executed",
  });

  // Registrations and subscriptions are as before, for new agents too.
  expect(await mesh.send(agentId("probe", "new"), work(1))).toMatchObject({
    worker: "steady",
    count: 1,
  });
  await mesh.publish(topicId(HAPPENINGS, "new"), happened(1));
  expect(await heardBy(caller, "new", 1)).toEqual([1]);
});

test("an event whose acceptance was lost with its host may come twice, and says so", async () => {
  const host = await startHostProcess(OPTIONS);
  const link = await startTcpProxy(host.address);
  const worker = await startWorker("steady", { host: host.address });
  const listener = await startCaller({ host: host.address });
  const caller = await startCaller({ host: link.address });
  link.stallHost();
  const published = settlement(
    "the publish",
    caller.worker.publish(topicId(HAPPENINGS, "ears"), happened(1)),
  );
  expect(await heardBy(listener, "ears", 1)).toEqual([1]);
  const marks = { ofWorker: worker.notices.mark, ofListener: listener.status.mark };
  await host.kill();
  link.cut("reset");
  await startHostProcess({ ...OPTIONS, listen: host.address });
  await statusOf(worker, "connected", { from: marks.ofWorker });
  await callerStatus(listener, "connected", { from: marks.ofListener });
  expect((await published).kind).toBe("value");
  expect(await heardBy(listener, "ears", 2)).toEqual([1, 1]);
  const { heard } = await listener.worker.send(agentId("probe", "ears"), Recall({}));
  expect(heard.map(({ resent }) => resent)).toEqual([false, true]);
});

test("a host that stays away longer than the lease: agents begin anew, their turns are told to stop", async () => {
  const host = await startHostProcess({ ...OPTIONS, leaseMs: 300 });
  const worker = await startWorker("steady", { host: host.address });
  const caller = await startCaller({ host: host.address });
  const { worker: mesh } = caller;
  const alive = agentId("probe", "alive");
  const before = await mesh.send(alive, work(1));
  const running = settlement(
    "a held send",
    mesh.send(agentId("probe", "held"), work(1, true)),
    2 * RECOVERY_MS,
  );
  await heldTurns(worker, 1);
  await host.kill();
  await statusOf(worker, "lapsed");
  await worker.notices.first(({ kind }) => kind === "told-to-stop", "the turn to be told to stop");
  await callerStatus(caller, "lapsed");
  const later = settlement("a send without a host", mesh.send(alive, work(2)), 2 * RECOVERY_MS);
  await startHostProcess({ ...OPTIONS, listen: host.address });
  expect(failureOf(await running)).toEqual(LEFT_AND_LOST);
  const settled = await later;
  expect(settled).toMatchObject({
    kind: "value",
    value: { worker: "steady", before: 0, count: 1 },
  });
  if (settled.kind === "value") expect(settled.value.activation).toBeGreaterThan(before.activation);
});

test("a host that dies again and again under load: every send settles, none runs twice", async () => {
  let host = await startHostProcess(OPTIONS);
  const { address } = host;
  const worker = await startWorker("steady", { host: address });
  const caller = await startCaller({ host: address });
  const traffic = new Traffic(caller.worker, {
    keys: 8,
    sendsPerKey: 8,
    // An event that the host of before had accepted has died with it.
    publishesPerKey: 0,
    streams: 4,
    streamLength: 300,
    chains: 4,
    mayBeLost: true,
  });
  for (let restart = 0; restart < 3; restart++) {
    await traffic.progress(500);
    const marks = { ofWorker: worker.notices.mark, ofCaller: caller.status.mark };
    await host.kill();
    host = await startHostProcess({ ...OPTIONS, listen: address });
    await statusOf(worker, "connected", { from: marks.ofWorker });
    await callerStatus(caller, "connected", { from: marks.ofCaller });
  }
  await traffic.progress(500);
  expect(await traffic.end()).toEqual([]);
  expect(traffic.lost).toBeGreaterThan(0);
});
