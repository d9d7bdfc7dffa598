import { agentId, connectClient, topicId } from "@agentmesh/worker-sdk";
import { expect, test } from "vitest";
import { type HostProcess, startHostProcess } from "../../support/processes.ts";
import {
  callerStatus,
  heldTurns,
  keysOn,
  RECOVERY_MS,
  type Settlement,
  settlement,
  startCaller,
  startWorker,
  statusOf,
  told,
} from "./mesh.ts";
import { CountUp, HAPPENINGS, Happened, Work } from "./programs/messages.ts";
import { Traffic } from "./traffic.ts";

/** Within it a peer that stopped is noticed, with the defaults of every day. */
const NOTICE_MS = 10_000;
const SHIPPED_AND_LOST = { code: "WORKER_LOST", outcome: "unknown", retryable: false };

/** Waits for what the host says of a worker. */
function hostNotices(host: HostProcess, event: string, worker: string, from = 0) {
  const limits = { from, limitMs: RECOVERY_MS };
  return host.log.first(
    (line) => line.event === event && line.worker === worker,
    `${event} of ${worker}`,
    limits,
  );
}

test("a worker that stops is noticed, loses its agents, and works again when it goes on", async () => {
  const host = await startHostProcess({ heartbeatMs: 250, livenessMs: 1_000, leaseMs: 500 });
  const [frozen] = await Promise.all([
    startWorker("frozen", { host: host.address, types: ["probe", "only-frozen"] }),
    startWorker("other", { host: host.address }),
  ]);
  const { worker: caller } = await startCaller({ host: host.address });
  const [key = "", gated = ""] = await keysOn(caller, "frozen", 2);
  const probe = agentId("probe", key);
  const work = (sequence: number, held = false) => Work({ sender: "caller", sequence, held });

  // One turn waits at the gate, and another behind it in the mailbox of the worker.
  const atGate = [1, 2].map((sequence) =>
    settlement(`held send ${sequence}`, caller.send(agentId("probe", gated), work(sequence, true))),
  );
  await heldTurns(frozen, 1);
  frozen.signal("SIGSTOP");
  const shipped = settlement("the send to a frozen worker", caller.send(probe, work(1)));
  await hostNotices(host, "session.suspended", "frozen");
  await hostNotices(host, "session.lapsed", "frozen");
  for (const lost of [await shipped, ...(await Promise.all(atGate))]) {
    expect(lost.kind === "failed" && told(lost.error)).toEqual(SHIPPED_AND_LOST);
  }
  expect(await caller.send(probe, work(2))).toMatchObject({ worker: "other", before: 0 });

  // Nobody else runs this type: it waits for the one who may come back. The worker reads first of all that its gate
  // is open; still the turn behind the gate belongs to an activation that has ended.
  const waiting = settlement(
    "a send that waits",
    caller.send(agentId("only-frozen", "a"), work(1, true)),
  );
  const { mark } = frozen.notices;
  frozen.order({ kind: "open-gate" });
  frozen.signal("SIGCONT");
  expect(await statusOf(frozen, "connected", { from: mark })).toMatchObject({ resumed: true });
  expect(await waiting).toMatchObject({ kind: "value", value: { worker: "frozen", before: 0 } });
  const begun = frozen.notices.entries.flatMap((notice) =>
    notice.kind === "held" ? [notice.agent] : [],
  );
  expect(begun).toEqual([`probe/${gated}`, "only-frozen/a"]);
  expect(await caller.send(probe, work(3))).toMatchObject({ worker: "other", before: 2 });
});

test("a host that stops is noticed, and goes on with nothing lost", async () => {
  const host = await startHostProcess({ heartbeatMs: 250, livenessMs: 1_000, leaseMs: 25_000 });
  const worker = await startWorker("steady", { host: host.address });
  const caller = await startCaller({ host: host.address });
  const traffic = new Traffic(caller.worker, {
    keys: 8,
    sendsPerKey: 8,
    publishesPerKey: 2,
    streams: 4,
    streamLength: 300,
  });
  await traffic.progress(500);
  const marks = { ofWorker: worker.notices.mark, ofCaller: caller.status.mark };
  host.signal("SIGSTOP");
  await statusOf(worker, "suspended", { from: marks.ofWorker });
  await callerStatus(caller, "suspended", { from: marks.ofCaller });
  host.signal("SIGCONT");
  expect(await statusOf(worker, "connected", { from: marks.ofWorker })).toMatchObject({
    resumed: true,
  });
  expect(await callerStatus(caller, "connected", { from: marks.ofCaller })).toMatchObject({
    resumed: true,
  });
  await traffic.progress(500);
  expect(await traffic.end()).toEqual([]);
});

test("a host that stops is noticed by a client, whatever it has open", async () => {
  const host = await startHostProcess();
  const worker = await startWorker("steady", { host: host.address });
  const client = await connectClient({ host: host.address });
  const probe = agentId("probe", "a");
  const noticed = <Value>(what: string, call: Promise<Value>): Promise<Settlement<Value>> =>
    settlement(what, call, NOTICE_MS);
  const held = client.send(probe, Work({ sender: "client", sequence: 1, held: true }));
  held.catch(() => undefined);
  await heldTurns(worker, 1);
  const numbers = client
    .stream(agentId("probe", "b"), CountUp({ name: "n", upTo: 1e9, fillerCharacters: 0 }))
    [Symbol.asyncIterator]();
  await numbers.next();
  host.signal("SIGSTOP");
  const publish = client.publish(
    topicId(HAPPENINGS, "a"),
    Happened({ sender: "client", sequence: 1 }),
  );
  const drained = (async () => {
    // What has arrived before is still there to be read.
    while ((await numbers.next()).done !== true);
  })();
  const ends = await Promise.all([
    noticed<unknown>("the send", held),
    noticed<unknown>("the stream", drained),
    noticed<unknown>("the publish", publish),
  ]);
  for (const end of ends) {
    expect(end.kind === "failed" && told(end.error)).toEqual({
      code: "CONNECTION_LOST",
      outcome: "unknown",
      retryable: false,
    });
  }
  host.signal("SIGCONT");
  await client.close();
});
