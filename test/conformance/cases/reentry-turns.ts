/** Re-entry: how turns that enter others overlap, and how chains that block each other end. */
import { type AgentId, agentId, defineAgent } from "@agentmesh/worker-sdk";
import { expect } from "vitest";
import { Gate } from "../../support/gate.ts";
import { Journal } from "../../support/journal.ts";
import { refusalOf, yieldTurn } from "../../support/settling.ts";
import { reached } from "../journals.ts";
import type { Case } from "../stage.ts";
import { Note, numbers, Say } from "../vocabulary.ts";

const A = agentId("ann", "1");
const B = agentId("bob", "1");

/** An agent type that comes to the gate and then asks the other one, which does the same. */
function cross(me: AgentId, other: AgentId, gate: Gate) {
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

/** An agent that asks four others, each of which calls back four times. It replies how many were inside at once. */
function crowd(concurrency: number) {
  const type = `ann-${concurrency}`;
  let inside = 0;
  let most = 0;
  let all = 0;
  const ann = defineAgent(type, {
    concurrency,
    handlers: (on) => [
      on(Say, async ({ text }, ctx) => {
        const bobs = numbers(4).map((number) => agentId(`bob-${concurrency}`, `${number}`));
        await Promise.all(bobs.map((bob) => ctx.send(bob, Note({ text }))));
        return { text: `${most} of ${all}` };
      }),
      on(Note, async () => {
        all++;
        inside++;
        most = Math.max(most, inside);
        await yieldTurn();
        inside--;
      }),
    ],
  });
  const bob = defineAgent(`bob-${concurrency}`, {
    handlers: (on) => [
      on(Note, async (note, ctx) => {
        await Promise.all(numbers(4).map(() => ctx.send(agentId(type, "1"), Note(note))));
      }),
    ],
  });
  return [ann, bob] as const;
}

export const reentryTurns: readonly Case[] = [
  {
    id: "reentry.one-at-a-time",
    promise:
      "Turns that enter the same waiting turn run one at a time, whatever `concurrency` says.",
    async run({ caller, register }) {
      for (const concurrency of [1, 4]) {
        const [ann, bob] = crowd(concurrency);
        await register(ann);
        await register(bob);
        const asked = caller.send(agentId(ann.type, "1"), Say({ text: "go" }));
        await expect(asked).resolves.toEqual({ text: "1 of 16" });
      }
    },
  },
  {
    id: "reentry.outlived",
    promise: "What entered a turn keeps others out also when that turn has ended before it.",
    async run({ caller, register, arrived }) {
      const inside = new Gate("the turn inside");
      const log = new Journal<string>("words");
      const replied = new Journal<string>("replies");
      const ann = defineAgent("ann", {
        handlers: (on) => [
          on(Say, async ({ text }, ctx) => {
            void ctx.send(B, Note({ text })).then(() => replied.add("bob"));
            await inside.arrivals();
            log.add("ann ends");
            return { text };
          }),
          on(Note, async ({ text }) => {
            log.add(`${text} begins`);
            await inside.pass();
            log.add(`${text} ends`);
          }),
        ],
      });
      const bob = defineAgent("bob", {
        handlers: (on) => [on(Note, (note, ctx) => ctx.send(A, Note(note)))],
      });
      await register(ann);
      await register(bob);
      await caller.send(A, Say({ text: "family" }));
      const stranger = caller.send(A, Note({ text: "stranger" }));
      await arrived();
      inside.open();
      await Promise.all([stranger, reached(replied, 1)]);
      expect(log.entries).toEqual([
        "family begins",
        "ann ends",
        "family ends",
        "stranger begins",
        "stranger ends",
      ]);
    },
  },
  {
    id: "reentry.not-awaited",
    promise: "What calls back after the turn has ended is an ordinary message.",
    async run({ caller, register }) {
      const gate = new Gate("bob");
      const log = new Journal<string>("words");
      const bob = defineAgent("bob", {
        handlers: (on) => [
          on(Say, async (say, ctx) => {
            await gate.pass();
            await ctx.send(A, Note(say));
            return say;
          }),
        ],
      });
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
      await register(cross(A, B, gate));
      await register(cross(B, A, gate));
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
