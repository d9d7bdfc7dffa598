import { expect, test } from "vitest";
import { agentType, subscription, turnEnd } from "../../support/frames.ts";
import { hostForTest } from "../../support/host.ts";
import type { RawWorker } from "../../support/raw-worker.ts";

/** Wakes these agents of the worker, one after the other. */
async function wake(worker: RawWorker, ...ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const asked = worker.ask(id, "");
    worker.write(turnEnd(await worker.next("deliver")));
    await asked;
  }
}

test("active agents are listed in the order of their activation, page by page, with where they live", async () => {
  const mesh = await hostForTest();
  const worker = await mesh.worker(["a", "b"]);
  await wake(worker, "a/2", "b/1", "a/1");
  const first = await mesh.client.agents({ limit: 2 });
  expect(first.agents.map(({ activation }) => activation?.agent)).toEqual([
    { type: "a", key: "2" },
    { type: "b", key: "1" },
  ]);
  const second = await mesh.client.agents({ limit: 2, cursor: first.nextCursor });
  expect(second).toEqual({
    agents: [
      {
        activation: { number: expect.any(Number), agent: { type: "a", key: "1" } },
        sessionId: worker.welcome.sessionId,
        inFlight: 0,
        queued: 0,
      },
    ],
    nextCursor: "",
  });
});

test("agents can be listed by their type, and only those of the namespace", async () => {
  const mesh = await hostForTest();
  const [worker, stranger] = [
    await mesh.worker(["a", "b"]),
    await mesh.worker(["a"], { hello: { namespace: "other" } }),
  ];
  await wake(worker, "a/1", "b/1");
  await wake(stranger, "a/theirs");
  const keysOf = async (agentTypeName: string, namespace: string): Promise<string[]> => {
    const headers = { "agentmesh-namespace": namespace };
    const { agents } = await mesh.client.agents({ agentType: agentTypeName }, { headers });
    return agents.map(({ activation }) => `${activation?.agent?.type}/${activation?.agent?.key}`);
  };
  expect(await keysOf("b", "default")).toEqual(["b/1"]);
  expect(await keysOf("", "other")).toEqual(["a/theirs"]);
  expect(await keysOf("", "nowhere")).toEqual([]);
});

test("what is in flight to an agent and waits for it is counted", async () => {
  const mesh = await hostForTest();
  const worker = await mesh.worker([], {
    hello: { agentTypes: [agentType("a", { agentWindow: 1 })] },
  });
  const asked = [worker.ask("a/1", "one"), worker.ask("a/1", "two")];
  const first = await worker.next("deliver");
  await worker.barrier();
  expect((await mesh.client.agents()).agents).toMatchObject([{ inFlight: 1, queued: 1 }]);
  worker.write(turnEnd(first));
  worker.write(turnEnd(await worker.next("deliver")));
  await Promise.all(asked);
});

test("an agent that has left is not listed any more", async () => {
  const mesh = await hostForTest();
  const worker = await mesh.worker(["a"]);
  await wake(worker, "a/1", "a/2");
  await worker.leave();
  expect((await mesh.client.agents()).agents).toEqual([]);
});

test("subscriptions are listed with the session that declared each, page by page", async () => {
  const mesh = await hostForTest();
  const hello = {
    agentTypes: [agentType("a")],
    subscriptions: [subscription("s2", "news", "a"), subscription("s1", "sport*", "a")],
  };
  const worker = await mesh.worker([], { hello });
  const other = await mesh.worker([], { hello });
  const first = await mesh.client.subscriptions({ limit: 3 });
  const second = await mesh.client.subscriptions({ limit: 3, cursor: first.nextCursor });
  expect([first.subscriptions.length, second.subscriptions.length, second.nextCursor]).toEqual([
    3,
    1,
    "",
  ]);
  const sessions = [worker, other].map(({ welcome }) => welcome.sessionId).sort();
  expect([...first.sessionIds, ...second.sessionIds]).toEqual(
    sessions.flatMap((session) => [session, session]),
  );
  expect(first.subscriptions.slice(0, 2)).toEqual([
    {
      id: "s1",
      match: { $case: "topicTypePrefix", value: "sport" },
      agentType: "a",
      durable: undefined,
    },
    { id: "s2", match: { $case: "topicType", value: "news" }, agentType: "a", durable: undefined },
  ]);
});

test("a cursor that is none is refused", async () => {
  const mesh = await hostForTest();
  await expect(mesh.client.agents({ cursor: "x" })).rejects.toThrow("INVALID_ARGUMENT");
});
