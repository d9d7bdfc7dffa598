/** Several workers of AutoGen own one agent type, where the host is told to let them. */
import { expect, test } from "vitest";
import { AutogenPeer } from "../../support/autogen-peer.ts";
import { hostForTest } from "../../support/host.ts";

const KEYS = Array.from({ length: 40 }, (_, index) => `k-${index}`);

/** Two replicas of a worker with two agent types, both subscribed, and who talks to them. */
async function stage() {
  const mesh = await hostForTest({ autogenSharedTypes: true });
  const replicas = [new AutogenPeer(mesh.address), new AutogenPeer(mesh.address)] as const;
  for (const replica of replicas) {
    await replica.open();
    await replica.serve("clerk", "news");
    await replica.serve("cook", "news");
    for (const type of ["clerk", "cook"]) replica.answer(type, () => ({ error: replica.clientId }));
  }
  const caller = new AutogenPeer(mesh.address);
  await caller.open();
  return { mesh, replicas, caller };
}

test("agents are spread over them by key, and all of one key live together", async () => {
  const { caller, replicas } = await stage();
  const homes = new Set<string>();
  for (const key of KEYS) {
    const { error } = await caller.request(`clerk/${key}`, "?");
    expect((await caller.request(`cook/${key}`, "?")).error).toBe(error);
    homes.add(error);
  }
  expect([...homes].sort()).toEqual(replicas.map(({ clientId }) => clientId).sort());
});

test("an event goes to one of them, the one where the agents of its source live", async () => {
  const { caller, replicas } = await stage();
  const [one, two] = replicas;
  for (const key of KEYS) caller.publish(`news/${key}`, key);
  const homes = new Map<string, string>();
  for (const key of KEYS) homes.set(key, (await caller.request(`cook/${key}`, "?")).error);
  const heard = [one, two].flatMap(({ clientId, inbox }) =>
    inbox.entries.flatMap(({ message }) =>
      message?.$case === "cloudEvent" ? [`${message.value.source} ${clientId}`] : [],
    ),
  );
  expect(heard.sort()).toEqual(KEYS.map((key) => `${key} ${homes.get(key)}`).sort());
});

test("the agents of one that leaves move to the others", async () => {
  const { caller, replicas } = await stage();
  const [one, two] = replicas;
  for (const key of KEYS) await caller.request(`clerk/${key}`, "?");
  await one.channel.cancel();
  for (const key of KEYS) {
    const { error } = await caller.request(`clerk/${key}`, "?");
    expect(error === two.clientId || error.startsWith("WORKER_LOST")).toBe(true);
  }
  expect((await caller.request("clerk/k-0", "?")).error).toBe(two.clientId);
});
