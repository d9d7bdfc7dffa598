import { agentId } from "@agentmesh/worker-sdk";
import { expect, test } from "vitest";
import { startHostProcess } from "../../support/processes.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { callerStatus, startCaller, startWorker } from "./mesh.ts";
import { Work } from "./programs/messages.ts";

const LONG_LEASE = { leaseMs: 25_000, timeoutMs: 60_000 };

test("workers of one process share a connection, and the next one when it breaks", async () => {
  const host = await startHostProcess(LONG_LEASE);
  const link = await startTcpProxy(host.address);
  await startWorker("steady", { host: host.address });
  const callers = [];
  for (let count = 0; count < 5; count++) callers.push(await startCaller({ host: link.address }));
  expect(link.accepted).toBe(1);

  const marks = callers.map(({ status }) => status.mark);
  link.cut("reset");
  for (const [index, caller] of callers.entries()) {
    const again = await callerStatus(caller, "connected", { from: marks[index] ?? 0 });
    expect(again).toMatchObject({ resumed: true });
  }
  expect(link.accepted).toBe(2);
});

test("a worker that leaves takes nobody's connection along", async () => {
  const host = await startHostProcess(LONG_LEASE);
  const link = await startTcpProxy(host.address);
  await startWorker("steady", { host: host.address });
  const [one, other] = [
    await startCaller({ host: link.address }),
    await startCaller({ host: link.address }),
  ];
  await one.worker.close();
  const mark = other.status.mark;
  await other.worker.send(agentId("probe", "any"), Work({ sender: "other", sequence: 1 }));
  expect([link.accepted, other.status.mark]).toEqual([1, mark]);
});
