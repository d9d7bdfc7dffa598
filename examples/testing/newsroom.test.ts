/** How to test agents: `testMesh` with a host over real connections, without one on a local runtime. */
import { createHost } from "@agentmesh/host";
import { type AgentRuntime, agentId } from "@agentmesh/worker-sdk";
import { testMesh } from "@agentmesh/worker-sdk/testing";
import { expect, test } from "vitest";
import { editor, Order, Published, reader, Write, writer } from "./newsroom.ts";

/** Puts all three to work in one runtime. */
async function registerAll(runtime: AgentRuntime): Promise<void> {
  await Promise.all([runtime.register(writer), runtime.register(editor), runtime.register(reader)]);
}
const order = Order({ text: "cats" });

test("three agents write an article, on a mesh with two workers", async () => {
  await using mesh = await testMesh({ createHost });
  const second = await mesh.connect();
  await mesh.runtime.register(editor);
  await Promise.all([second.register(writer), second.register(reader)]);

  const article = await mesh.runtime.send(agentId("editor", "daily"), order);
  expect(article).toEqual({ text: "All about cats" });

  const read = await mesh.recorder.next({ kind: "turn", message: Published });
  expect(read).toMatchObject({ runtime: "worker-2", outcome: "done" });
  expect(`${read.from} → ${read.to}`).toBe("editor/daily → reader/daily");
});

test("the editor asks once more when the writer's answer is lost", async () => {
  await using mesh = await testMesh({ createHost });
  await registerAll(mesh.runtime);
  mesh.faults.add({
    fault: "drop",
    times: 1,
    when: ({ leg, messageType }) => leg === "reply" && messageType === Write.messageName,
  });

  const article = mesh.runtime.send(agentId("editor", "daily"), order);
  await mesh.recorder.next({ kind: "fault", fault: "drop" });
  await mesh.advance(10_000);

  expect(await article).toEqual({ text: "All about cats" });
  expect(mesh.recorder.count({ kind: "turn", to: "writer/daily" })).toBe(2);
});

test("nothing is lost when the connection breaks", async () => {
  await using mesh = await testMesh({ createHost, faults: [{ fault: "cut", times: 3 }] });
  await registerAll(mesh.runtime);

  for (const text of ["cats", "dogs"]) {
    await mesh.runtime.send(agentId("editor", "daily"), Order({ text }));
  }
  await mesh.quiet();
  expect(mesh.recorder.count({ kind: "fault" })).toBe(3);
  expect(mesh.recorder.count({ kind: "turn", to: "reader/daily", outcome: "done" })).toBe(2);
});

test("a reader that is idle for a minute goes", async () => {
  await using mesh = await testMesh();
  await registerAll(mesh.runtime);
  await mesh.runtime.send(agentId("editor", "daily"), order);
  await mesh.quiet();
  expect(mesh.runtime.activeAgents).toBe(3);
  await mesh.advance(90_000);
  expect(mesh.runtime.activeAgents).toBe(2);
});
