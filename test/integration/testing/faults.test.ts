/** Faults that users put in the way of their agents: what they do on a local runtime, and on a mesh alike. */
import { createHost } from "@agentmesh/host";
import { type AgentRuntime, agentId, defineAgent, topicId } from "@agentmesh/worker-sdk";
import { type FaultRule, type TestMesh, testMesh } from "@agentmesh/worker-sdk/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { refusalOf } from "../../support/settling.ts";
import { Happening, Question } from "./messages.ts";

const target = agentId("listener", "a");
const TIMEOUT = { timeoutMs: 1_000 };
const MANY = 40;
/** Deliveries that one agent may have in flight. */
const WINDOW = 16;

/** Answers what it was asked, and remembers everything. */
function listener(heard: string[]) {
  return defineAgent("listener", {
    subscriptions: ["news"],
    handlers: (on) => [
      on(Question, ({ text }) => {
        heard.push(text);
        return { text };
      }),
      on(Happening, ({ text }, { attempt }) => void heard.push(`${text} (${attempt})`)),
    ],
  });
}

async function ask(runtime: AgentRuntime, text: string): Promise<string> {
  return (await runtime.send(target, Question({ text }), TIMEOUT)).text;
}

describe.each([
  ["local runtime", (faults: FaultRule[], seed = 1) => testMesh({ faults, seed })],
  ["mesh", (faults: FaultRule[], seed = 1) => testMesh({ createHost, faults, seed })],
])("on a %s", (_name, start) => {
  async function staged(faults: FaultRule[], heard: string[] = [], seed = 1): Promise<TestMesh> {
    const mesh = await start(faults, seed);
    onTestFinished(() => mesh.close());
    await mesh.runtime.register(listener(heard));
    return mesh;
  }

  test("a request that is dropped does not run, and ends at its deadline", async () => {
    const heard: string[] = [];
    const mesh = await staged([{ fault: "drop" }], heard);
    const texts = Array.from({ length: WINDOW }, (_, index) => `${index}`);
    const refusals = texts.map((text) => refusalOf(ask(mesh.runtime, text)));
    for (const _ of texts) await mesh.recorder.next({ kind: "fault", fault: "drop" });
    await mesh.advance(1_020);
    for (const refusal of await Promise.all(refusals)) {
      expect(refusal).toMatchObject({ code: "DEADLINE_EXCEEDED" });
    }
    mesh.faults.clear();
    expect(await ask(mesh.runtime, "after")).toBe("after");
    expect(heard).toEqual(["after"]);
    await mesh.quiet();
  });

  test("a reply that is dropped ends at the deadline, and the handler has run", async () => {
    const heard: string[] = [];
    const mesh = await staged([{ fault: "drop", when: ({ leg }) => leg === "reply" }], heard);
    const refusal = refusalOf(ask(mesh.runtime, "lost"));
    await mesh.recorder.next({ kind: "fault" });
    await mesh.advance(1_020);
    expect(await refusal).toMatchObject({ code: "DEADLINE_EXCEEDED", outcome: "unknown" });
    expect(heard).toEqual(["lost"]);
    mesh.faults.clear();
    expect(await ask(mesh.runtime, "found")).toBe("found");
  });

  test("an event that is dropped is gone", async () => {
    const heard: string[] = [];
    const mesh = await staged([{ fault: "drop", times: 1 }], heard);
    for (const text of ["one", "two"]) {
      await mesh.runtime.publish(topicId("news", "a"), Happening({ text }));
    }
    await mesh.quiet();
    expect(heard).toEqual(["two (1)"]);
    expect(await mesh.deadLetters()).toEqual([]);
  });

  test("what is delayed comes later, and what follows it behind it", async () => {
    const heard: string[] = [];
    const mesh = await staged([{ fault: "delay", delayMs: 500, times: 1 }], heard);
    const answers = ["one", "two"].map((text) => ask(mesh.runtime, text));
    await mesh.recorder.next({ kind: "fault", fault: "delay" });
    await mesh.advance(499);
    expect(heard).toEqual([]);
    await mesh.advance(1);
    expect(await Promise.all(answers)).toEqual(["one", "two"]);
    expect(heard).toEqual(["one", "two"]);
  });

  test("a reply that is delayed comes later", async () => {
    const mesh = await staged([
      { fault: "delay", delayMs: 500, when: ({ leg }) => leg === "reply" },
    ]);
    const answer = ask(mesh.runtime, "slow");
    await mesh.recorder.next({ kind: "fault" });
    await mesh.advance(499);
    expect(mesh.recorder.count({ kind: "settled" })).toBe(0);
    await mesh.advance(1);
    expect(await answer).toBe("slow");
  });

  test("a delayed request whose sender gave up never runs", async () => {
    const heard: string[] = [];
    const mesh = await staged([{ fault: "delay", delayMs: 500, times: 1 }], heard);
    const leaver = new AbortController();
    const question = Question({ text: "never" });
    const refusal = refusalOf(mesh.runtime.send(target, question, { signal: leaver.signal }));
    await mesh.recorder.next({ kind: "fault" });
    leaver.abort();
    expect(await refusal).toMatchObject({ code: "CANCELLED" });
    await mesh.quiet();
    await mesh.advance(500);
    expect(heard).toEqual([]);
  });

  test("an event is duplicated as after a lost acknowledgement", async () => {
    const heard: string[] = [];
    const mesh = await staged([{ fault: "duplicate", times: 1 }], heard);
    await mesh.runtime.publish(topicId("news", "a"), Happening({ text: "twice" }));
    await mesh.recorder.next({ kind: "turn" });
    await mesh.recorder.next({ kind: "turn" });
    await mesh.quiet();
    expect(heard).toEqual(["twice (1)", "twice (2)"]);
    expect(mesh.recorder.count({ kind: "published" })).toBe(1);
  });

  test("the same seed drops the same messages", async () => {
    const course = async (seed: number): Promise<string[]> => {
      const heard: string[] = [];
      const mesh = await staged([{ fault: "drop", chance: 0.3 }], heard, seed);
      for (let index = 0; index < MANY; index++) {
        const happening = Happening({ text: `${index}` });
        await mesh.runtime.publish(topicId("news", "a"), happening);
      }
      await mesh.quiet();
      return heard;
    };
    const [once, again, other] = [await course(7), await course(7), await course(8)];
    expect(again).toEqual(once);
    expect(other).not.toEqual(once);
  });

  test("who waits for quiet is told what is on its way, and the seed", async () => {
    const mesh = await staged([{ fault: "drop" }]);
    const refusal = refusalOf(ask(mesh.runtime, "lost"));
    await mesh.recorder.next({ kind: "fault" });
    await expect(mesh.quiet(1)).rejects.toThrow(
      /^waited 1 ms for the mesh to become quiet; on their way are:\n {2}testing.Question outside → listener\/a; seed 1 /,
    );
    await mesh.advance(1_020);
    await refusal;
  });
});
