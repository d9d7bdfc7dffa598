import { expect, test } from "vitest";
import { publish, reply, send, textOf, turnEnd } from "../../support/frames.ts";
import { hostForTest, type TestHost } from "../../support/host.ts";
import type { RawWorker } from "../../support/raw-worker.ts";

const NAMES = ["", "blue", "red"] as const;

/** One worker in each namespace, all with the same agent type and subscription. */
async function one(mesh: TestHost, namespace: string): Promise<RawWorker> {
  return mesh.worker(["a"], { subscriptions: ["news -> a"], hello: { namespace } });
}

test("a send reaches only the agent of its own namespace", async () => {
  const mesh = await hostForTest();
  const workers = new Map(
    await Promise.all(NAMES.map(async (name) => [name, await one(mesh, name)] as const)),
  );
  for (const [name, worker] of workers) {
    worker.write(send(1, "a/same", `in ${name}`));
    const deliver = await worker.next("deliver");
    expect(textOf(deliver.content)).toBe(`in ${name}`);
    worker.write(reply(deliver, ""));
    await worker.result(1);
  }
  for (const worker of workers.values()) {
    await worker.barrier();
    expect(worker.taken("deliver")).toEqual([]);
  }
});

test("an event reaches only subscribers of its own namespace", async () => {
  const mesh = await hostForTest();
  const [blue, red] = [await one(mesh, "blue"), await one(mesh, "red")];
  blue.write(publish(1, "news/s", ""));
  await blue.next("event");
  await blue.barrier();
  await red.barrier();
  expect(red.taken("event")).toEqual([]);
});

test("what an instance has published in one namespace says nothing of its namesake in another", async () => {
  const mesh = await hostForTest();
  const blue = await one(mesh, "blue");
  const { instanceId } = blue;
  const red = await mesh.worker([], { hello: { namespace: "red", instanceId } });
  red.write(publish(1e9, "news/s", ""));
  await red.next("accepted");
  blue.write(publish(1, "news/s", "resent", { resent: true }));
  await blue.next("accepted");
  expect(textOf((await blue.next("event")).content)).toBe("resent");
});

test("a type that only another namespace knows is unknown", async () => {
  const mesh = await hostForTest();
  await one(mesh, "blue");
  const stranger = await mesh.worker([], { hello: { namespace: "red" } });
  expect(await stranger.ask("a/1", "")).toMatchObject({ failure: { code: "AGENT_TYPE_UNKNOWN" } });
  expect(await stranger.ask("a/", "")).toMatchObject({ failure: { code: "AGENT_TYPE_UNKNOWN" } });
});

test("no namespace is the one called default", async () => {
  const mesh = await hostForTest();
  const worker = await one(mesh, "");
  const caller = await mesh.worker([], { hello: { namespace: "default" } });
  const asked = caller.ask("a/1", "");
  worker.write(turnEnd(await worker.next("deliver")));
  expect(await asked).toEqual({ kind: "done" });
});

test("lists show one namespace", async () => {
  const mesh = await hostForTest();
  for (const name of NAMES) await one(mesh, name);
  const names = async (headers: Record<string, string>): Promise<number> =>
    (await mesh.client.workers({}, { headers })).workers.length;
  expect(await names({})).toBe(1);
  expect(await names({ "agentmesh-namespace": "blue" })).toBe(1);
  expect(await names({ "agentmesh-namespace": "green" })).toBe(0);
});
