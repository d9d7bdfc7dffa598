import { agentId, failure } from "@agentmesh/proto";
import { describe, expect, it } from "vitest";
import { defineAgent } from "../agent/define-agent.ts";
import { Note } from "../test-doubles/messages.ts";
import { jsonContent, type Scripted, scripted, settled } from "../test-doubles/scripted-mesh.ts";

const worker = defineAgent("worker", {
  state: { initial: () => ({ sum: 0 }) },
  handlers: (on) => [
    on(Note, ({ n }, { state }) => {
      state.sum += n;
    }),
  ],
});
const id = agentId("worker", "k");
const SAVED = { type: "worker", key: "k", stateVersion: 1, state: { sum: 7 } };
const DOCUMENT = { format: "agentmesh.state", formatVersion: 1, agents: [SAVED] } as const;

async function active(): Promise<Scripted> {
  const rig = scripted();
  await rig.runtime.register(worker);
  rig.deliver({ content: jsonContent("test.Note", { n: 7 }) });
  await settled();
  return rig;
}

describe("states", () => {
  it("are not saved while others may have the agents, and then when they have not", async () => {
    const { core, runtime } = await active();
    core.lapsed();
    let isSaved = false;
    const saved = runtime.saveState().then((document) => {
      isSaved = true;
      return document;
    });
    await settled();
    expect(isSaved).toBe(false);
    core.resumed(0, false);
    expect(await saved).toEqual(DOCUMENT);
  });

  it("are not those of agents that others have taken over meanwhile", async () => {
    const { core, runtime } = await active();
    core.lapsed();
    const one = runtime.saveState({ agent: id });
    const all = runtime.saveState();
    core.resumed(1, false);
    await expect(one).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect((await all).agents).toEqual([]);
  });

  it("wait for an agent that takes long to be made", async () => {
    const { deliver, runtime } = scripted();
    let make: (state: { sum: number }) => void = () => {};
    const made = new Promise<{ sum: number }>((resolve) => {
      make = resolve;
    });
    await runtime.register({ ...worker, createState: () => made });
    deliver({ content: jsonContent("test.Note", { n: 1 }) });
    const loaded = runtime.loadState(DOCUMENT);
    make({ sum: 0 });
    await loaded;
    await settled();
    expect((await runtime.saveState()).agents).toMatchObject([{ state: { sum: 8 } }]);
  });

  it("are not given to an agent that turns out to live elsewhere", async () => {
    const { deliver, mesh, runtime, settle } = scripted();
    await runtime.register(worker);
    const loaded = runtime.loadState(DOCUMENT);
    await settled();
    expect(mesh.sends).toMatchObject([{ target: id }]);
    settle(1, { kind: "done" });
    await expect(loaded).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringContaining("not active in this runtime: worker/k"),
    });
    deliver({ content: jsonContent("test.Note", { n: 1 }) });
    await settled();
    expect((await runtime.saveState()).agents).toMatchObject([{ state: { sum: 1 } }]);
  });

  it("wake nobody else once one could not be woken", async () => {
    const { mesh, runtime, settle, fail } = scripted();
    await runtime.register(worker);
    const agents = Array.from({ length: 100 }, (_, n) => ({ ...SAVED, key: `k${n}` }));
    const loaded = runtime.loadState({ ...DOCUMENT, agents });
    await settled();
    const woken = mesh.sends.length;
    expect(woken).toBeLessThan(100);
    fail(1, failure("OVERLOADED"));
    await expect(loaded).rejects.toMatchObject({ code: "OVERLOADED" });
    for (let request = 2; request <= woken; request++) settle(request, { kind: "done" });
    await settled();
    expect(mesh.sends).toHaveLength(woken);
  });

  it("begin anew when the agent that was to be loaded went before", async () => {
    const { core, deliver, mesh, runtime, settle } = await active();
    core.lapsed();
    const loaded = runtime.loadState({ ...DOCUMENT, agents: [{ ...SAVED, state: { sum: 50 } }] });
    core.resumed(1, false);
    await settled();
    const [wake] = mesh.sends;
    if (wake === undefined) throw new Error("nobody was woken");
    deliver({ activation: 2, content: wake.content });
    await settled();
    settle(wake.request, { kind: "done" });
    await loaded;
    expect((await runtime.saveState()).agents).toMatchObject([{ state: { sum: 50 } }]);
    expect(mesh.endings).toEqual(["1: done", "2: done"]);
  });
});
