/** Re-entry: who may speak to an agent that waits, and who may not. */
import { type AgentId, agentId, defineAgent, defineMessage, topicId } from "@agentmesh/worker-sdk";
import { expect } from "vitest";
import { z } from "zod";
import { Gate } from "../../support/gate.ts";
import { Journal } from "../../support/journal.ts";
import { refusalOf, yieldTurn } from "../../support/settling.ts";
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
const B = agentId("bob", "1");

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

async function cross(me: AgentId, other: AgentId, gate: Gate) {
  return defineAgent(me.type, {
    handlers: (on) => [
      on(Say, async ({ text }, ctx) => {
        await gate.pass();
        await ctx.send(other, Note({ text }));
        return { text };
      }),
      on(Note, () => {}),
    ],
  });
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
    id: "reentry.one-at-a-time",
    promise: "Turns that enter the same waiting turn run one at a time.",
    async run({ caller, register }) {
      let running = 0;
      let most = 0;
      const ann = defineAgent("ann", {
        handlers: (on) => [
          on(Say, async ({ text }, ctx) => {
            await Promise.all(
              numbers(4).map((number) => ctx.send(agentId("bob", `${number}`), Say({ text }))),
            );
            return { text: `${most} of ${running}` };
          }),
          on(Note, async () => {
            running++;
            most = Math.max(most, running);
            await yieldTurn();
            running--;
          }),
        ],
      });
      const bob = defineAgent("bob", {
        handlers: (on) => [
          on(Say, async ({ text }, ctx) => {
            await Promise.all(numbers(4).map(() => ctx.send(A, Note({ text }))));
            return { text };
          }),
        ],
      });
      await register(ann);
      await register(bob);
      await expect(caller.send(A, Say({ text: "go" }))).resolves.toEqual({ text: "1 of 0" });
    },
  },
  {
    id: "reentry.not-awaited",
    promise: "What calls back after the turn has ended is an ordinary message.",
    async run({ caller, register }) {
      const gate = new Gate("bob");
      const log = new Journal<string>("words");
      const [, bob] = pair(gate, log);
      const ann = defineAgent("ann", {
        handlers: (on) => [
          on(Say, async ({ text }, ctx) => {
            void ctx.send(B, Say({ text })).then(() => log.add("bob is done"));
            return { text };
          }),
          on(Note, ({ text }) => log.add(`ann hears ${text}`)),
        ],
      });
      await register(ann);
      await register(bob);
      await caller.send(A, Say({ text: "later" }));
      gate.open();
      await reached(log, 2);
      expect(log.entries).toEqual(["ann hears later", "bob is done"]);
    },
  },
  {
    id: "reentry.circle",
    promise: "Two chains that wait for each other end at their deadline, and the agents go on.",
    async run({ caller, register, advance, arrived }) {
      const gate = new Gate("both agents");
      await register(await cross(A, B, gate));
      await register(await cross(B, A, gate));
      const options = { timeoutMs: 200_000 };
      const refusals = [A, B].map((each) =>
        refusalOf(caller.send(each, Say({ text: "go" }), options)),
      );
      await gate.arrivals(2);
      gate.open();
      await arrived();
      await advance(200_100);
      for (const refusal of await Promise.all(refusals))
        expect(refusal.code).toBe("DEADLINE_EXCEEDED");
      await Promise.all([A, B].map((each) => caller.send(each, Note({ text: "free again" }))));
    },
  },
];
