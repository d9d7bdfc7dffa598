/** Connections of a test mesh that break, and its time. */
import { fileURLToPath } from "node:url";
import { createHost } from "@agentmesh/host";
import { agentId, connectClient, defineAgent } from "@agentmesh/worker-sdk";
import { testMesh } from "@agentmesh/worker-sdk/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { Gate } from "../../support/gate.ts";
import { refusalOf } from "../../support/settling.ts";
import { Question } from "./messages.ts";

const target = agentId("listener", "a");

function listener(gate: Gate) {
  return defineAgent("listener", {
    handlers: (on) => [
      on(Question, async (question) => {
        await gate.pass();
        return question;
      }),
    ],
  });
}

test("a connection that breaks for less than the lease costs nothing", async () => {
  await using mesh = await testMesh({ createHost });
  const worker = await mesh.connect();
  const gate = new Gate("the turn");
  await worker.register(listener(gate));
  const answer = mesh.runtime.send(target, Question({ text: "in flight" }));
  await gate.arrivals();
  await mesh.cut(worker);
  gate.open();
  await mesh.advance(1_000);
  await mesh.mend(worker);
  expect(await answer).toEqual({ text: "in flight" });
  expect(worker.currentStatus).toMatchObject({ kind: "connected", resumed: true });
});

test("after the lease the worker is lost, and comes back", async () => {
  await using mesh = await testMesh({ createHost, hostOptions: { leaseMs: 5_000 } });
  const worker = await mesh.connect({ name: "unlucky" });
  const gate = new Gate("the turn");
  await worker.register(listener(gate));
  const refusal = refusalOf(mesh.runtime.send(target, Question({ text: "lost" })));
  await gate.arrivals();
  await mesh.cut(worker);
  await mesh.advance(4_900);
  expect(worker.currentStatus.kind).toBe("suspended");
  await mesh.advance(200);
  expect(await refusal).toMatchObject({ code: "WORKER_LOST", outcome: "unknown" });
  expect(worker.currentStatus.kind).toBe("lapsed");
  gate.open();
  await mesh.mend(worker);
  expect(await mesh.runtime.send(target, Question({ text: "again" }))).toEqual({ text: "again" });
});

test("a connection that is cut by a rule is made again without time", async () => {
  await using mesh = await testMesh({ createHost, faults: [{ fault: "cut", times: 5 }] });
  const gate = new Gate("turns");
  gate.open();
  await mesh.runtime.register(listener(gate));
  for (const text of ["one", "two", "three", "four"]) {
    expect(await mesh.runtime.send(target, Question({ text }))).toEqual({ text });
  }
  await mesh.quiet();
  expect(mesh.recorder.count({ fault: "cut" })).toBe(5);
  expect(mesh.clock.now()).toBe(0);
});

test("what the environment says of other hosts is not for the one of a test", async () => {
  for (const [name, value] of Object.entries({
    AGENTMESH_NAMESPACE: "elsewhere",
    AGENTMESH_TOKEN: "secret",
    AGENTMESH_TLS_CA: fileURLToPath(import.meta.url),
  })) {
    vi.stubEnv(name, value);
  }
  onTestFinished(() => void vi.unstubAllEnvs());
  await using mesh = await testMesh({ createHost });
  const gate = new Gate("turns");
  gate.open();
  await mesh.runtime.register(listener(gate));
  await using client = await connectClient({
    host: mesh.address,
    tls: false,
    token: "",
    namespace: "default",
  });
  expect(await client.send(target, Question({ text: "hi" }))).toEqual({ text: "hi" });
  expect(await mesh.deadLetters()).toEqual([]);
});

test("a client is a caller like any other", async () => {
  await using mesh = await testMesh({ createHost });
  await using client = await connectClient({ host: mesh.address });
  const gate = new Gate("turns");
  gate.open();
  await mesh.runtime.register(listener(gate));
  expect(await client.send(target, Question({ text: "hi" }))).toEqual({ text: "hi" });
  const turn = await mesh.recorder.next({ kind: "turn" });
  expect(turn).toMatchObject({
    from: undefined,
    to: target,
    outcome: "replied",
    reply: { text: "hi" },
  });
});

test("what only a mesh can do is refused by a local runtime", async () => {
  await using mesh = await testMesh();
  const unimplemented = { code: "UNIMPLEMENTED" };
  await expect(mesh.connect()).rejects.toMatchObject(unimplemented);
  await expect(mesh.cut()).rejects.toMatchObject(unimplemented);
  expect(() => mesh.address).toThrow(/^UNIMPLEMENTED: /);
  expect(() => mesh.faults.add({ fault: "cut" })).toThrow(/^UNIMPLEMENTED: /);
});

test("a mesh that cannot start leaves nothing behind and says why", async () => {
  const starting = testMesh({ createHost, hostOptions: { leaseMs: 0 } });
  await expect(starting).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
});
