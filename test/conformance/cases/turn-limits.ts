/** Turns that never end: they are told, then given up, and nobody waits for them for ever. */
import { agentId, defineAgent, topicId } from "@agentmesh/worker-sdk";
import { expect } from "vitest";
import { Gate } from "../../support/gate.ts";
import { Journal } from "../../support/journal.ts";
import { refusalOf } from "../../support/settling.ts";
import { eventually } from "../../support/waiting.ts";
import { reached } from "../journals.ts";
import type { Case } from "../stage.ts";
import { Note, Say } from "../vocabulary.ts";

export const turnLimits: readonly Case[] = [
  {
    id: "deadline.turn-limit",
    promise: "A turn that never ends is signalled, then abandoned; the agent begins anew.",
    async run({ caller, register, advance, arrived, deadLetters }) {
      const reasons = new Journal<unknown>("signals");
      const gate = new Gate("the stuck handler");
      const stuck = defineAgent("stuck", {
        maxTurnMs: 5_000,
        handlers: (on) => [
          on(Note, async (_, ctx) => {
            ctx.signal.addEventListener("abort", () => reasons.add(ctx.signal.reason));
            await gate.pass();
          }),
          on(Say, async (_, ctx) => ({ text: `${ctx.activation}` })),
        ],
      });
      await register(stuck);
      const target = agentId("stuck", "a");
      const before = await caller.send(target, Say({ text: "?" }));
      const refusal = refusalOf(caller.send(target, Note({ text: "hi" }), { timeoutMs: 600_000 }));
      await gate.arrivals();
      const waiting = caller.send(target, Say({ text: "?" }), { timeoutMs: 600_000 });
      await arrived();
      await advance(5_020);
      expect(await reached(reasons, 1)).toMatchObject([{ code: "TURN_ABANDONED" }]);
      await advance(10_020);
      expect(await refusal).toMatchObject({ code: "TURN_ABANDONED", outcome: "unknown" });
      const after = await waiting;
      expect(Number(after.text)).toBeGreaterThan(Number(before.text));
      const letters = await eventually(deadLetters, ({ length }) => length > 0, "a dead letter");
      expect(letters).toMatchObject([{ target: "stuck/a", code: "TURN_ABANDONED" }]);
    },
  },
  {
    id: "deadline.turn-limit-event",
    promise: "An event whose turn never ends becomes a dead letter; the next one is handled.",
    async run({ caller, register, advance, deadLetters }) {
      const gate = new Gate("the stuck handler");
      const heard = new Journal<string>("notes");
      const stuck = defineAgent("stuck", {
        subscriptions: ["news"],
        maxTurnMs: 5_000,
        handlers: (on) => [
          on(Note, async ({ text }) => {
            if (text === "stuck") await gate.pass();
            heard.add(text);
          }),
        ],
      });
      await register(stuck);
      const target = topicId("news", "a");
      await caller.publish(target, Note({ text: "stuck" }));
      await caller.publish(target, Note({ text: "next" }));
      await gate.arrivals();
      await advance(5_020);
      await advance(10_020);
      expect(await reached(heard, 1)).toEqual(["next"]);
      const letters = await eventually(deadLetters, ({ length }) => length > 0, "a dead letter");
      expect(letters).toMatchObject([
        { target: "stuck/a", topic: "news/a", code: "TURN_ABANDONED", attempts: 1 },
      ]);
    },
  },
];
