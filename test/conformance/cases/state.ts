/** Saving and loading the states of agents. */
import {
  agentId,
  closureAgent,
  createLocalRuntime,
  defineAgent,
  type SavedAgent,
  type SavedState,
} from "@agentmesh/worker-sdk";
import { expect } from "vitest";
import { z } from "zod";
import { Gate } from "../../support/gate.ts";
import { refusalOf } from "../../support/settling.ts";
import type { Case } from "../stage.ts";
import { Note, Say } from "../vocabulary.ts";

/** An agent type that remembers what it was told, and says all of it. It may wait at a gate in the middle of a turn. */
function listener(gate?: Gate, made: string[] = []) {
  return defineAgent("listener", {
    state: {
      schema: z.object({ heard: z.array(z.string()) }),
      initial: ({ key }) => {
        made.push(key);
        return { heard: [] as string[] };
      },
    },
    handlers: (on) => [
      on(Say, async ({ text }, ctx) => {
        ctx.state.heard.push(`${text} begun`);
        await gate?.pass();
        ctx.state.heard.push(text);
        return { text: ctx.state.heard.filter((heard) => !heard.endsWith(" begun")).join(" ") };
      }),
    ],
  });
}

const a = agentId("listener", "a");
const b = agentId("listener", "b");

/** A document as `saveState` makes it. */
function document(...agents: readonly SavedAgent[]): SavedState {
  return { format: "agentmesh.state", formatVersion: 1, agents };
}

/** An entry of it for `listener/a`. */
const ENTRY = { type: "listener", key: "a", stateVersion: 1, state: { heard: ["before"] } };

/** Hands over what the types do not allow: a document may come from anywhere. */
function foreign(...agents: readonly object[]): SavedState {
  return JSON.parse(JSON.stringify({ ...document(), agents }));
}

export const states: readonly Case[] = [
  {
    id: "state.all",
    promise: "The states of all agents are saved, and continued in a new runtime.",
    async run({ runtimes: [runtime] }) {
      await runtime.register(listener());
      await runtime.register(closureAgent("stateless", Say, (said) => said));
      await runtime.send(agentId("stateless", "a"), Say({ text: "hi" }));
      for (const [target, text] of [
        [a, "one"],
        [b, "two"],
        [a, "three"],
      ] as const) {
        await runtime.send(target, Say({ text }));
      }
      const text = JSON.stringify(await runtime.saveState());
      await runtime.unregister("listener");
      await using next = createLocalRuntime();
      await next.register(listener());
      await next.loadState(JSON.parse(text));
      expect(await next.send(a, Say({ text: "four" }))).toEqual({ text: "one three four" });
      expect(await next.send(b, Say({ text: "five" }))).toEqual({ text: "two five" });
      expect(JSON.parse(text).agents).toHaveLength(2);
    },
  },
  {
    id: "state.form",
    promise: "What is saved is plain JSON of a documented form.",
    async run({ runtimes: [runtime] }) {
      await runtime.register(listener());
      await runtime.send(a, Say({ text: "hi" }));
      const saved = await runtime.saveState({ agent: a });
      expect(saved).toStrictEqual(document({ ...ENTRY, state: { heard: ["hi begun", "hi"] } }));
    },
  },
  {
    id: "state.one",
    promise: "The state of one agent is saved alone, and may be loaded under another key.",
    async run({ runtimes: [runtime] }) {
      await runtime.register(listener());
      for (const target of [a, b]) await runtime.send(target, Say({ text: target.key }));
      const saved = await runtime.saveState({ agent: a });
      await runtime.send(a, Say({ text: "forgotten" }));
      await runtime.loadState(saved);
      await runtime.loadState(saved, { agent: b });
      expect(await runtime.send(a, Say({ text: "x" }))).toEqual({ text: "a x" });
      expect(await runtime.send(b, Say({ text: "y" }))).toEqual({ text: "a y" });
    },
  },
  {
    id: "state.between-turns",
    promise: "A save waits for the turn that runs, and comes before those that wait.",
    async run({ caller, runtimes: [runtime], arrived }) {
      const gate = new Gate("the turns");
      await runtime.register(listener(gate));
      const first = caller.send(a, Say({ text: "one" }));
      const second = caller.send(a, Say({ text: "two" }));
      await gate.arrivals();
      await arrived();
      const saved = runtime.saveState({ agent: a });
      gate.admit();
      const [agent] = (await saved).agents;
      expect(agent?.state).toEqual({ heard: ["one begun", "one"] });
      gate.open();
      expect(await Promise.all([first, second])).toEqual([{ text: "one" }, { text: "one two" }]);
    },
  },
  {
    id: "state.load-between-turns",
    promise: "A load waits for the turn that runs, and those that wait see nothing else.",
    async run({ caller, runtimes: [runtime], arrived }) {
      const gate = new Gate("the turns");
      await runtime.register(listener(gate));
      const first = caller.send(a, Say({ text: "one" }));
      const second = caller.send(a, Say({ text: "two" }));
      await gate.arrivals();
      await arrived();
      const loaded = runtime.loadState(document(ENTRY));
      gate.open();
      await loaded;
      expect(await Promise.all([first, second])).toEqual([{ text: "one" }, { text: "before two" }]);
    },
  },
  {
    id: "state.load-before",
    promise:
      "An agent that is loaded before it is there begins with that state, from its first turn.",
    async run({ caller, runtimes: [runtime] }) {
      const made: string[] = [];
      await runtime.register(listener(undefined, made));
      const loaded = runtime.loadState(document(ENTRY, { ...ENTRY, key: "b" }));
      const said = await Promise.all([a, b].map((id) => caller.send(id, Say({ text: "now" }))));
      await loaded;
      expect(said).toEqual([{ text: "before now" }, { text: "before now" }]);
      expect(made).toEqual([]);
    },
  },
  {
    id: "state.concurrency",
    promise: "A save waits until none of several turns runs.",
    async run({ caller, runtimes: [runtime] }) {
      const gate = new Gate("the turns");
      await runtime.register({ ...listener(gate), concurrency: 2 });
      const sent = ["one", "two"].map((text) => caller.send(a, Say({ text })));
      await gate.arrivals(2);
      const saved = runtime.saveState();
      gate.admit();
      await Promise.race(sent);
      const third = caller.send(a, Say({ text: "three" }));
      gate.admit();
      const [agent] = (await saved).agents;
      expect(agent?.state).toMatchObject({ heard: { length: 4 } });
      gate.open();
      await Promise.all([...sent, third]);
    },
  },
  {
    id: "state.copies",
    promise: "What was saved is not shared with the agent, nor between agents that load it.",
    async run({ runtimes: [runtime] }) {
      await runtime.register(listener());
      await runtime.loadState(document(ENTRY));
      const saved = await runtime.saveState();
      await runtime.loadState(saved, { agent: b });
      for (const target of [a, b]) {
        expect(await runtime.send(target, Say({ text: "x" }))).toEqual({ text: "before x" });
      }
      expect(saved).toEqual(document(ENTRY));
    },
  },
  {
    id: "state.hooks",
    promise: "An agent that keeps its state elsewhere saves and loads it by hooks of its own.",
    async run({ runtimes: [runtime] }) {
      const known = new Map<string, string>();
      const memo = closureAgent(
        "memo",
        Note,
        ({ text }, { self }) => void known.set(self.key, text),
        {
          onSave: (_, { key }) => ({ known: known.get(key) ?? null }),
          onLoad: (saved, { key }) => void known.set(key, JSON.stringify(saved)),
        },
      );
      await runtime.register(memo);
      await runtime.send(agentId("memo", "a"), Note({ text: "hi" }));
      const saved = await runtime.saveState();
      expect(saved.agents).toMatchObject([{ key: "a", state: { known: "hi" } }]);
      await runtime.loadState(saved, { agent: agentId("memo", "b") });
      expect(known.get("b")).toBe('{"known":"hi"}');
    },
  },
  {
    id: "state.not-here",
    promise: "An agent that is not active in a runtime cannot be saved there.",
    async run({ runtimes: [runtime] }) {
      await runtime.register(listener());
      expect(await runtime.saveState()).toEqual(document());
      const absent = await refusalOf(runtime.saveState({ agent: a }));
      expect(absent).toMatchObject({ code: "NOT_FOUND", outcome: "not-executed" });
      const unknown = runtime.saveState({ agent: agentId("nobody", "a") });
      expect(await refusalOf(unknown)).toMatchObject({ code: "AGENT_TYPE_UNKNOWN" });
    },
  },
  {
    id: "state.elsewhere",
    promise: "A state is loaded by the runtime where its agent lives; the others say so.",
    async run({ caller, runtimes, register }) {
      await register(listener());
      const outcomes: string[] = [];
      for (const runtime of runtimes) {
        const load = runtime.loadState(document(ENTRY));
        outcomes.push(
          await load.then(
            () => "loaded",
            ({ code }) => code,
          ),
        );
      }
      const elsewhere = outcomes.filter((outcome) => outcome !== "loaded");
      expect(outcomes.filter((outcome) => outcome === "loaded")).toHaveLength(1);
      for (const code of elsewhere) expect(["NOT_FOUND", "AGENT_TYPE_UNKNOWN"]).toContain(code);
      // Where it was refused after it had been activated elsewhere, that agent is the one that was loaded.
      const { text } = await caller.send(a, Say({ text: "x" }));
      expect(text).toBe("before x");
    },
  },
  {
    id: "state.mismatch",
    promise: "What does not fit is refused with a typed error, and then nothing is loaded.",
    async run({ runtimes: [runtime] }) {
      await runtime.register(listener());
      await runtime.register(closureAgent("other", Say, (said) => said));
      await runtime.send(a, Say({ text: "kept" }));
      const entryB = { ...ENTRY, key: "b" };
      const refusals: readonly (readonly [SavedState, string])[] = [
        [JSON.parse("null"), "INVALID_ARGUMENT"],
        [JSON.parse("{}"), "INVALID_ARGUMENT"],
        [JSON.parse('{ "format": "other", "formatVersion": 1, "agents": [] }'), "INVALID_ARGUMENT"],
        [JSON.parse('{ "format": "agentmesh.state", "formatVersion": 2 }'), "VERSION_UNSUPPORTED"],
        [JSON.parse('{ "format": "agentmesh.state", "formatVersion": 1 }'), "INVALID_ARGUMENT"],
        [document(ENTRY, ENTRY), "INVALID_ARGUMENT"],
        [foreign(ENTRY, { ...entryB, key: "" }), "INVALID_ARGUMENT"],
        [foreign(ENTRY, { ...entryB, state: undefined }), "INVALID_ARGUMENT"],
        [foreign(ENTRY, { ...entryB, stateVersion: 2 }), "VERSION_UNSUPPORTED"],
        [foreign(ENTRY, { ...entryB, state: { heard: [1] } }), "PAYLOAD_INVALID"],
        [foreign(ENTRY, { ...entryB, type: "nobody" }), "AGENT_TYPE_UNKNOWN"],
        [foreign(ENTRY, { ...entryB, type: "other" }), "PAYLOAD_INVALID"],
      ];
      for (const [wrong, code] of refusals) {
        const refusal = await refusalOf(runtime.loadState(wrong));
        expect(refusal, JSON.stringify(wrong)).toMatchObject({ code, outcome: "not-executed" });
      }
      const other = { agent: agentId("other", "a") };
      const otherType = await refusalOf(runtime.loadState(document(ENTRY), other));
      expect(otherType.message).toContain("of agent type listener, not of other");
      expect(await runtime.send(a, Say({ text: "x" }))).toEqual({ text: "kept x" });
    },
  },
  {
    id: "state.not-json",
    promise: "A state that is not plain JSON is refused when it is saved.",
    async run({ runtimes: [runtime] }) {
      const dated = defineAgent("dated", {
        state: { initial: () => ({ since: new Date() }) },
        handlers: (on) => [on(Note, () => {})],
      });
      await runtime.register(dated);
      await runtime.send(agentId("dated", "a"), Note({ text: "hi" }));
      const refusal = await refusalOf(runtime.saveState());
      expect(refusal.code).toBe("PAYLOAD_INVALID");
      expect(refusal.message).toContain("since: an object of class Date is not plain JSON");
    },
  },
  {
    id: "state.limits",
    promise: "Who saves or loads may give up, and waits no longer than asked; turns go on.",
    async run({ caller, runtimes: [runtime], advance }) {
      const gate = new Gate("the turn");
      await runtime.register(listener(gate));
      const sent = caller.send(a, Say({ text: "one" }));
      await gate.arrivals();
      const late = refusalOf(runtime.saveState({ timeoutMs: 1_000 }));
      const leaver = new AbortController();
      const left = refusalOf(runtime.loadState(document(ENTRY), { signal: leaver.signal }));
      leaver.abort(new Error("enough"));
      expect(await left).toMatchObject({ code: "CANCELLED", cause: new Error("enough") });
      await advance(1_020);
      expect(await late).toMatchObject({ code: "DEADLINE_EXCEEDED" });
      const gone = { signal: AbortSignal.abort(), timeoutMs: 1_000 };
      expect(await refusalOf(runtime.saveState(gone))).toMatchObject({ code: "CANCELLED" });
      gate.open();
      expect(await sent).toEqual({ text: "one" });
      expect(await caller.send(a, Say({ text: "two" }))).toEqual({ text: "one two" });
    },
  },
  {
    id: "state.closed",
    promise: "A runtime that has closed saves and loads nothing.",
    async run({ runtimes: [runtime] }) {
      await runtime.register(listener());
      await runtime.close();
      for (const call of [runtime.saveState(), runtime.loadState(document(ENTRY))]) {
        expect(await refusalOf(call)).toMatchObject({ code: "CLOSED" });
      }
    },
  },
];
