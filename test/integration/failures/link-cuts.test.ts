import type { TcpProxy } from "@agentmesh/worker-sdk/testing";
import { expect, test } from "vitest";
import { startHostProcess } from "../../support/processes.ts";
import { randomFrom, SEED } from "../../support/random.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { until } from "../../support/waiting.ts";
import { callerStatus, RECOVERY_MS, startCaller, startWorker, statusOf } from "./mesh.ts";
import { Traffic } from "./traffic.ts";

/** Longer than any machine needs to connect again: what is tested here is the time within the lease. */
const LONG_LEASE = { leaseMs: 25_000, timeoutMs: 60_000 };
const CUTS = 16;
/** More than it takes for waits that double from 50 ms to outlast the default lease. */
const FLAPS = 10;
const TRAFFIC = {
  keys: 16,
  sendsPerKey: 4,
  publishesPerKey: 2,
  streams: 8,
  streamLength: 300,
  chains: 8,
};

test(`a link that is cut within the lease, again and again, costs nothing (seed ${SEED})`, async () => {
  const random = randomFrom(SEED);
  const host = await startHostProcess(LONG_LEASE);
  // Bytes that take their time are on their way when a link is cut.
  const ofCaller = await startTcpProxy(host.address, { delayMs: 1 });
  const ofWorker = await startTcpProxy(host.address, { delayMs: 1 });
  await Promise.all([
    startWorker("cut", { host: ofWorker.address }),
    startWorker("whole", { host: host.address }),
  ]);
  const { worker: caller, status } = await startCaller({ host: ofCaller.address });
  const traffic = new Traffic(caller, TRAFFIC);
  for (let cut = 0; cut < CUTS; cut++) {
    await traffic.progress(100 + Math.floor(random() * 400));
    const links = random() < 0.5 ? [ofCaller, ofWorker] : [random() < 0.5 ? ofCaller : ofWorker];
    for (const link of links) link.cut(random() < 0.5 ? "reset" : "end");
    // One in three is cut once more before anything was said on the new link.
    if (random() < 0.33) await Promise.all(links.map(cutAgain));
  }
  expect(await traffic.end()).toEqual([]);
  expect(traffic.settled).toBeGreaterThan(CUTS * 100);
  const sessions = status.entries.filter((entry) => entry.kind === "connected" && !entry.resumed);
  expect(sessions).toHaveLength(1);
  const events = host.log.entries.map(({ event }) => event);
  // A link that is cut before it stands again resumes once for both.
  expect(events.filter((event) => event === "session.resumed").length).toBeGreaterThan(CUTS / 2);
  expect(events.filter((event) => /^session\.(lapsed|ended|failed)$/.test(event))).toEqual([]);
});

/** Waits for the next connection and cuts it at once. */
async function cutAgain(link: TcpProxy): Promise<void> {
  const before = link.accepted;
  await until(() => link.accepted > before, "a new connection", RECOVERY_MS);
  link.cut("reset");
}

test("a host that refuses connections for a while, within the lease, costs nothing", async () => {
  const host = await startHostProcess(LONG_LEASE);
  const link = await startTcpProxy(host.address);
  const worker = await startWorker("steady", { host: link.address });
  const caller = await startCaller({ host: link.address });
  const traffic = new Traffic(caller.worker, TRAFFIC);
  await traffic.progress(500);
  const marks = { ofWorker: worker.notices.mark, ofCaller: caller.status.mark };
  link.refuse();
  link.cut("reset");
  await statusOf(worker, "suspended", { from: marks.ofWorker });
  await callerStatus(caller, "suspended", { from: marks.ofCaller });
  await link.accept();
  const goesOn = { kind: "connected", resumed: true };
  expect(await statusOf(worker, "connected", { from: marks.ofWorker })).toMatchObject(goesOn);
  expect(await callerStatus(caller, "connected", { from: marks.ofCaller })).toMatchObject(goesOn);
  await traffic.progress(500);
  expect(await traffic.end()).toEqual([]);
});

test("a link that is cut as soon as it stands costs nothing, with the lease and the chance of every day", async () => {
  const host = await startHostProcess();
  const link = await startTcpProxy(host.address);
  await startWorker("steady", { host: host.address });
  const caller = await startCaller({ host: link.address, random: Math.random });
  const traffic = new Traffic(caller.worker, TRAFFIC);
  await traffic.progress(500);
  for (let cut = 0; cut < FLAPS; cut++) {
    const { mark } = caller.status;
    link.cut("reset");
    expect(await callerStatus(caller, "connected", { from: mark })).toMatchObject({
      resumed: true,
    });
  }
  await traffic.progress(500);
  expect(await traffic.end()).toEqual([]);
  expect(caller.status.entries.filter(({ kind }) => kind === "lapsed")).toEqual([]);
});

test("a link that passes nothing on, and keeps its sockets, is found out and left", async () => {
  const host = await startHostProcess({ ...LONG_LEASE, heartbeatMs: 200, livenessMs: 800 });
  const link = await startTcpProxy(host.address);
  await startWorker("steady", { host: host.address });
  const caller = await startCaller({ host: link.address });
  const traffic = new Traffic(caller.worker, TRAFFIC);
  await traffic.progress(500);
  link.stall();
  const limits = { from: caller.status.mark, limitMs: RECOVERY_MS };
  await callerStatus(caller, "suspended", limits);
  await host.log.first(({ event }) => event === "session.suspended", "the host to notice");
  link.resume();
  await callerStatus(caller, "connected", limits);
  await traffic.progress(500);
  expect(await traffic.end()).toEqual([]);
});
