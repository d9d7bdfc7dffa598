/** Re-entry: who may speak to an agent that waits, and who may not. */
import { agentId, defineAgent, defineMessage, topicId } from "@agentmesh/worker-sdk";
import { expect } from "vitest";
import { z } from "zod";
import { Gate } from "../../support/gate.ts";
import { Journal } from "../../support/journal.ts";
import { refusalOf } from "../../support/settling.ts";
import { reached } from "../journals.ts";
import type { Case } from "../stage.ts";
import { Note, numbers, Say } from "../vocabulary.ts";

const Way = z.object({ way: z.array(z.string()) });
const Walked = defineMessage("walk.Walked", Way);
/** Sends itself on along the way; everyone waits for who is behind. */
const Walk = defineMessage("walk.Walk", Way, { reply: Walked });

/** An agent type that passes walks on. */
function walker(type: string) {
  return defineAgent(type, {
    handlers: (on) => [
      on(Walk, async ({ way }, ctx) => {
        const [next, ...rest] = way;
        if (next === undefined) return { way: [ctx.self.toString()] };
        const [nextType = "", key = ""] = next.split("/");
        const walked = await ctx.send(agentId(nextType, key), Walk({ way: rest }));
        return { way: [ctx.self.toString(), ...walked.way] };
      }),
    ],
  });
}

const A = agentId("ann", "1");

/** `ann` waits in a turn for `bob`, who comes to the gate and then calls back. Everything is written down. */
function pair(gate: Gate, log: Journal<string>) {
  const ann = defineAgent("ann", {
    handlers: (on) => [
      on(Say, async ({ text }, ctx) => {
        log.add("ann begins");
        await ctx.send(agentId("bob", "1"), Say({ text }));
        log.add("ann ends");
        return { text };
      }),
      on(Note, ({ text }) => log.add(`ann hears ${text}`)),
    ],
  });
  const bob = defineAgent("bob", {
    handlers: (on) => [
      on(Say, async ({ text }, ctx) => {
        await gate.pass();
        await ctx.send(A, Note({ text }));
        return { text };
      }),
    ],
  });
  return [ann, bob] as const;
}

export const reentry: readonly Case[] = [
  {
    id: "reentry.back",
    promise: "An agent that waits for another lets in what the other sends back.",
    async run({ caller, register }) {
      await register(walker("ann"));
      await register(walker("bob"));
      const { way } = await caller.send(A, Walk({ way: ["bob/1", "ann/1"] }));
      expect(way).toEqual(["ann/1", "bob/1", "ann/1"]);
    },
  },
  {
    id: "reentry.far",
    promise: "Re-entry works over several agents, and several times in one chain.",
    async run({ caller, register }) {
      for (const type of ["ann", "bob", "cat"]) await register(walker(type));
      const way = ["bob/1", "cat/1", "ann/1", "cat/2", "bob/1", "ann/1"];
      await expect(caller.send(A, Walk({ way }))).resolves.toEqual({ way: ["ann/1", ...way] });
    },
  },
  {
    id: "reentry.self",
    promise: "An agent may send to itself and wait for the reply.",
    async run({ caller, register }) {
      await register(walker("ann"));
      await expect(caller.send(A, Walk({ way: ["ann/1", "ann/1"] }))).resolves.toEqual({
        way: ["ann/1", "ann/1", "ann/1"],
      });
    },
  },
  {
    id: "reentry.depth",
    promise: "Chains of 32 nested sends work; a deeper one is refused.",
    async run({ caller, register }) {
      await register(walker("ann"));
      await register(walker("bob"));
      const steps = (count: number): string[] =>
        numbers(count).map((number) => (number % 2 === 0 ? "bob/1" : "ann/1"));
      const { way } = await caller.send(A, Walk({ way: steps(32) }));
      expect(way).toHaveLength(33);
      const refusal = await refusalOf(caller.send(A, Walk({ way: steps(33) })));
      expect(refusal.message).toContain("CHAIN_TOO_DEEP");
      expect(refusal).toMatchObject({ code: "HANDLER_FAILED", outcome: "executed" });
    },
  },
  {
    id: "reentry.stranger",
    promise: "An unrelated message never enters a waiting turn, also when it was there first.",
    async run({ caller, register, arrived }) {
      const gate = new Gate("bob");
      const log = new Journal<string>("words");
      for (const definition of pair(gate, log)) await register(definition);
      const chain = caller.send(A, Say({ text: "family" }));
      await gate.arrivals();
      const stranger = caller.send(A, Note({ text: "stranger" }));
      await arrived();
      gate.open();
      await Promise.all([chain, stranger]);
      expect(log.entries).toEqual([
        "ann begins",
        "ann hears family",
        "ann ends",
        "ann hears stranger",
      ]);
    },
  },
  {
    id: "reentry.publish",
    promise: "What an event causes is a new chain: it waits for the turn that published.",
    async run({ caller, register, arrived }) {
      const log = new Journal<string>("words");
      const gate = new Gate("ann");
      const called = new Gate("bob");
      const ann = defineAgent("ann", {
        handlers: (on) => [
          on(Say, async ({ text }, ctx) => {
            await ctx.publish(topicId("calls", "1"), Note({ text }));
            await gate.pass();
            log.add("ann ends");
            return { text };
          }),
          on(Note, ({ text }) => log.add(`ann hears ${text}`)),
        ],
      });
      const bob = defineAgent("bob", {
        subscriptions: ["calls"],
        handlers: (on) => [
          on(Note, async ({ text }, ctx) => {
            const back = ctx.send(A, Note({ text }));
            await called.pass();
            await back;
          }),
        ],
      });
      await register(ann);
      await register(bob);
      const sent = caller.send(A, Say({ text: "news" }));
      await called.arrivals();
      await arrived();
      called.open();
      gate.open();
      await sent;
      expect(await reached(log, 2)).toEqual(["ann ends", "ann hears news"]);
    },
  },
  {
    id: "reentry.full",
    promise: "An agent that waits lets its own chain in, however much else waits for it.",
    async run({ caller, register, arrived }) {
      const gate = new Gate("bob");
      const log = new Journal<string>("words");
      for (const definition of pair(gate, log)) await register(definition);
      const chain = caller.send(A, Say({ text: "family" }));
      await gate.arrivals();
      const strangers = numbers(100).map((number) => caller.send(A, Note({ text: `${number}` })));
      await arrived();
      gate.open();
      await chain;
      await Promise.all(strangers);
      expect(log.entries).toEqual([
        "ann begins",
        "ann hears family",
        "ann ends",
        ...numbers(100).map((number) => `ann hears ${number}`),
      ]);
    },
  },
];
