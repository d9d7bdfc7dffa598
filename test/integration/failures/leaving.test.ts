import { agentId } from "@agentmesh/worker-sdk";
import { expect, test } from "vitest";
import { type HostProcess, startHostProcess } from "../../support/processes.ts";
import {
  callerStatus,
  heldTurns,
  keysOn,
  RECOVERY_MS,
  settlement,
  startCaller,
  startWorker,
  statusOf,
} from "./mesh.ts";
import { Work } from "./programs/messages.ts";
import { Traffic } from "./traffic.ts";

const HELD = 20;

async function drainOf({ log }: HostProcess): Promise<void> {
  await log.first(({ event }) => event === "host.draining", "the drain", { limitMs: RECOVERY_MS });
}

test("SIGTERM of a host: what is in flight finishes, it ends with 0, its workers go to the next host", async () => {
  const leaving = await startHostProcess({ drainGraceMs: 30_000 });
  const staying = await startHostProcess();
  const hosts = [leaving.address, staying.address];
  const worker = await startWorker("moving", { host: hosts });
  const caller = await startCaller({ host: hosts });
  // Somebody who is at the next host already: what waits here for a host finds its type there.
  await startWorker("ahead", { host: staying.address });
  const work = (sequence: number, held = false) => Work({ sender: "caller", sequence, held });
  const send = (key: string, held = false) =>
    settlement(`the send to ${key}`, caller.worker.send(agentId("probe", key), work(1, held)));

  const inFlight = Array.from({ length: HELD }, (_, key) => send(`held-${key}`, true));
  await heldTurns(worker, HELD);
  leaving.signal("SIGTERM");
  await drainOf(leaving);
  const marks = { ofWorker: worker.notices.mark, ofCaller: caller.status.mark };
  worker.order({ kind: "open-gate" });
  for (const settled of await Promise.all(inFlight)) {
    expect(settled).toMatchObject({ kind: "value", value: { worker: "moving" } });
  }
  expect(await leaving.ended).toEqual({ code: 0, signal: null });
  const { address } = staying;
  expect(await statusOf(worker, "connected", { from: marks.ofWorker })).toMatchObject({ address });
  expect(await callerStatus(caller, "connected", { from: marks.ofCaller })).toMatchObject({
    address,
  });
  const later = await Promise.all(Array.from({ length: HELD }, (_, key) => send(`later-${key}`)));
  expect(later.filter(({ kind }) => kind === "failed")).toEqual([]);
  expect(await keysOn(caller.worker, "moving", 1)).toHaveLength(1);
});

test("sends that are made while a host drains wait for the next one", async () => {
  const leaving = await startHostProcess({ drainGraceMs: 30_000 });
  const staying = await startHostProcess();
  const worker = await startWorker("holding", { host: leaving.address });
  await startWorker("ahead", { host: staying.address });
  const caller = await startCaller({ host: [leaving.address, staying.address] });
  const send = (key: string, held: boolean) => {
    const work = Work({ sender: "caller", sequence: 1, held });
    return settlement(`the send to ${key}`, caller.worker.send(agentId("probe", key), work));
  };
  const running = send("running", true);
  await heldTurns(worker, 1);
  leaving.signal("SIGTERM");
  await drainOf(leaving);
  // The answer to this comes behind the word that the host drains.
  await caller.worker.subscribe({ type: "test.other" }, "probe");
  const waiting = Array.from({ length: HELD }, (_, key) => send(`later-${key}`, false));
  worker.order({ kind: "open-gate" });
  expect(await running).toMatchObject({ kind: "value", value: { worker: "holding" } });
  for (const settled of await Promise.all(waiting)) {
    expect(settled).toMatchObject({ kind: "value", value: { worker: "ahead" } });
  }
});

test("a worker that drains under load costs nobody anything, and its process ends by itself", async () => {
  const host = await startHostProcess();
  const [going] = await Promise.all([
    startWorker("going", { host: host.address }),
    startWorker("staying", { host: host.address }),
  ]);
  const { worker: caller } = await startCaller({ host: host.address });
  const traffic = new Traffic(caller, {
    keys: 32,
    sendsPerKey: 2,
    publishesPerKey: 0,
    streams: 8,
    streamLength: 50,
    agentsMove: true,
  });
  await traffic.progress(1_000);
  expect(traffic.workers).toEqual(new Set(["going", "staying"]));
  going.order({ kind: "drain" });
  expect(await going.ended).toEqual({ code: 0, signal: null });
  await traffic.progress(1_000);
  expect(await traffic.end()).toEqual([]);
  const after = await caller.send(
    agentId("probe", "after"),
    Work({ sender: "caller", sequence: 1 }),
  );
  expect(after.worker).toBe("staying");
});
