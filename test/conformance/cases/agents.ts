/** Virtual actors: created by their first message, each with its own state. */
import { agentId, defineAgent, topicId } from "@agentmesh/worker-sdk";
import { expect } from "vitest";
import { Gate } from "../../support/gate.ts";
import { Journal } from "../../support/journal.ts";
import { refusalOf } from "../../support/settling.ts";
import { eventually } from "../../support/waiting.ts";
import type { Case } from "../stage.ts";
import { Note, numbers, Say } from "../vocabulary.ts";

interface Tally {
  heard: string[];
}

/** An agent type that remembers what it was told and says so. `initial` makes its state. */
function listener(initial: (key: string) => Tally | Promise<Tally>) {
  return defineAgent("listener", {
    state: { initial: ({ key }) => initial(key) },
    handlers: (on) => [
      on(Say, async ({ text }, ctx) => {
        ctx.state.heard.push(text);
        return { text: ctx.state.heard.join(" ") };
      }),
    ],
  });
}

export const agents: readonly Case[] = [
  {
    id: "agent.first-message",
    promise: "An agent comes into being with its first message, and once.",
    async run({ caller, register }) {
      const made = new Journal<string>("states");
      await register(
        listener((key) => {
          made.add(key);
          return { heard: [] };
        }),
      );
      expect(made.entries).toEqual([]);
      const target = agentId("listener", "a");
      await Promise.all(
        numbers(10).map((number) => caller.send(target, Say({ text: `${number}` }))),
      );
      expect(made.entries).toEqual(["a"]);
    },
  },
  {
    id: "agent.state-per-key",
    promise: "Every key has a state of its own, which lives from message to message.",
    async run({ caller, register }) {
      await register(listener((key) => ({ heard: [`${key}:`] })));
      for (const text of ["one", "two"]) {
        for (const key of ["a", "b/c", "ü"])
          await caller.send(agentId("listener", key), Say({ text: `${key}-${text}` }));
      }
      const replies = ["a", "b/c", "ü"].map((key) =>
        caller.send(agentId("listener", key), Say({ text: "end" })),
      );
      expect((await Promise.all(replies)).map(({ text }) => text)).toEqual([
        "a: a-one a-two end",
        "b/c: b/c-one b/c-two end",
        "ü: ü-one ü-two end",
      ]);
    },
  },
  {
    id: "agent.state-replaced",
    promise: "A handler may put another state in the place of the old one.",
    async run({ caller, register }) {
      const painter = defineAgent("painter", {
        state: { initial: () => "white" },
        handlers: (on) => [
          on(Say, async ({ text }, ctx) => {
            const before = ctx.state;
            ctx.state = text;
            return { text: before };
          }),
        ],
      });
      await register(painter);
      const target = agentId("painter", "a");
      await expect(caller.send(target, Say({ text: "red" }))).resolves.toEqual({ text: "white" });
      await expect(caller.send(target, Say({ text: "blue" }))).resolves.toEqual({ text: "red" });
    },
  },
  {
    id: "agent.stateless",
    promise: "An agent without state has none.",
    async run({ caller, register }) {
      const plain = defineAgent("plain", {
        handlers: (on) => [on(Say, async (_, ctx) => ({ text: String(ctx.state) }))],
      });
      await register(plain);
      await expect(caller.send(agentId("plain", "a"), Say({ text: "?" }))).resolves.toEqual({
        text: "undefined",
      });
    },
  },
  {
    id: "agent.async-state",
    promise: "Messages wait, in their order, while the initial state is being made.",
    async run({ caller, register }) {
      const gate = new Gate("the making of a state");
      await register(
        listener(async (key) => {
          if (key === "slow") await gate.pass();
          return { heard: [] };
        }),
      );
      const waiting = ["one", "two", "three"].map((text) =>
        caller.send(agentId("listener", "slow"), Say({ text })),
      );
      await gate.arrivals();
      // Others of the type need not wait.
      await caller.send(agentId("listener", "quick"), Say({ text: "hi" }));
      gate.open();
      expect((await Promise.all(waiting)).map(({ text }) => text)).toEqual([
        "one",
        "one two",
        "one two three",
      ]);
      expect(gate.arrived).toBe(1);
    },
  },
  {
    id: "agent.state-throws",
    promise:
      "An initial state that throws fails its own messages, harms no sibling, and is tried again.",
    async run({ caller, register }) {
      let isBroken = true;
      await register(
        listener((key) => {
          if (isBroken && key === "bad") throw new Error("no such record");
          return { heard: [] };
        }),
      );
      const [bad, good] = [agentId("listener", "bad"), agentId("listener", "good")];
      await caller.send(good, Say({ text: "one" }));
      const error = await refusalOf(caller.send(bad, Say({ text: "one" })));
      expect(error).toMatchObject({ code: "ACTIVATION_FAILED", outcome: "not-executed" });
      expect(error.message).toContain("no such record");
      await expect(caller.send(good, Say({ text: "two" }))).resolves.toEqual({ text: "one two" });
      isBroken = false;
      await expect(caller.send(bad, Say({ text: "again" }))).resolves.toEqual({ text: "again" });
    },
  },
  {
    id: "agent.async-state-throws",
    promise:
      "An initial state that rejects fails all messages that waited for it, and is tried again.",
    async run({ caller, register, arrived }) {
      const gate = new Gate("the making of a state");
      let isBroken = true;
      await register(
        listener(async () => {
          await gate.pass();
          if (isBroken) throw new Error("no such record");
          return { heard: [] };
        }),
      );
      const target = agentId("listener", "a");
      const sends = [
        refusalOf(caller.send(target, Say({ text: "1" }))),
        refusalOf(caller.send(target, Say({ text: "2" }))),
      ];
      await gate.arrivals();
      await arrived();
      gate.open();
      for (const error of await Promise.all(sends)) {
        expect(error).toMatchObject({ code: "ACTIVATION_FAILED", outcome: "not-executed" });
      }
      isBroken = false;
      await expect(caller.send(target, Say({ text: "again" }))).resolves.toEqual({ text: "again" });
    },
  },
  {
    id: "agent.event-state-throws",
    promise: "An event whose agent cannot be created becomes a dead letter.",
    async run({ caller, register, deadLetters }) {
      const broken = defineAgent("broken", {
        subscriptions: ["news"],
        state: {
          initial: (): string => {
            throw new Error("no such record");
          },
        },
        handlers: (on) => [on(Note, async () => {})],
      });
      await register(broken);
      await caller.publish(topicId("news", "today"), Note({ text: "nobody hears it" }));
      const letters = await eventually(deadLetters, ({ length }) => length > 0, "a dead letter");
      expect(letters).toMatchObject([{ target: "broken/today", code: "ACTIVATION_FAILED" }]);
    },
  },
];
