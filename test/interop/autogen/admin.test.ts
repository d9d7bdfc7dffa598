/** What administration shows of AutoGen's workers: as much as of all others. */
import { connectAdmin, type HostStatus } from "@agentmesh/worker-sdk";
import { expect, onTestFinished, test } from "vitest";
import { AutogenPeer } from "../../support/autogen-peer.ts";
import { hostForTest } from "../../support/host.ts";
import { eventually } from "../../support/waiting.ts";

/** A host with a worker of each protocol, one of which has an active agent. */
async function stage() {
  const mesh = await hostForTest();
  const peer = new AutogenPeer(mesh.address);
  await peer.open();
  await peer.serve("clerk", "news");
  peer.echo("clerk");
  await mesh.worker(["oracle"]);
  await peer.request("clerk/1", "well?");
  const admin = await connectAdmin({ host: mesh.address });
  onTestFinished(() => admin.close());
  return { peer, admin };
}

async function all<Entry>(entries: AsyncIterable<Entry>): Promise<Entry[]> {
  const list: Entry[] = [];
  for await (const entry of entries) list.push(entry);
  return list;
}

test("they are listed beside the others, with their protocol", async () => {
  const { peer, admin } = await stage();
  const workers = await admin.workers();
  expect(workers.find(({ sessionId }) => sessionId === peer.clientId)).toMatchObject({
    name: "AutoGen",
    protocol: "agents.AgentRpc",
    phase: "open",
    peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    agentTypes: ["clerk"],
    agentsActive: 1,
  });
  expect(workers.map(({ protocol }) => protocol).sort()).toEqual([
    "agentmesh.v1",
    "agents.AgentRpc",
  ]);
  expect(await admin.status()).toMatchObject({ workersConnected: 2, workersSuspended: 0 });
});

test("their agents and subscriptions are told to be theirs", async () => {
  const { peer, admin } = await stage();
  const { clientId: sessionId } = peer;
  expect(await all(admin.agents())).toMatchObject([{ id: { type: "clerk", key: "1" }, sessionId }]);
  expect(await all(admin.subscriptions())).toMatchObject([{ agentType: "clerk", sessionId }]);
});

test("one whose stream is broken is told to be so", async () => {
  const { peer, admin } = await stage();
  await peer.channel.cancel();
  // What the host is asked next may be there before the end of the stream.
  const isSuspended = (status: HostStatus): boolean => status.workersSuspended === 1;
  await eventually(() => admin.status(), isSuspended, "its suspension");
  const workers = await admin.workers();
  const worker = workers.find(({ sessionId }) => sessionId === peer.clientId);
  expect(worker).toMatchObject({ phase: "suspended", agentTypes: ["clerk"], agentsActive: 0 });
});

test("they cannot be drained, which is said", async () => {
  const { peer, admin } = await stage();
  await expect(admin.drainWorker(peer.clientId)).rejects.toMatchObject({
    code: "UNIMPLEMENTED",
    message: expect.stringContaining("a worker of AutoGen cannot be asked"),
  });
});
