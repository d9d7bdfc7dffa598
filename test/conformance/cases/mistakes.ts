/** Messages that are not what they should be: who is told, and whether anything was executed. */
import { agentId, defineAgent, defineMessage, topicId } from "@agentmesh/worker-sdk";
import { expect } from "vitest";
import { z } from "zod";
import { Journal } from "../../support/journal.ts";
import { refusalOf } from "../../support/settling.ts";
import { reached } from "../journals.ts";
import type { Case } from "../stage.ts";
import { Note, Said, Say } from "../vocabulary.ts";

const Sum = defineMessage("calc.Sum", z.object({ value: z.number() }));
const Add = defineMessage("calc.Add", z.object({ left: z.number(), right: z.number() }), {
  reply: Sum,
});
const calculator = defineAgent("calculator", {
  handlers: (on) => [on(Add, async ({ left, right }) => ({ value: left + right }))],
});

export const mistakes: readonly Case[] = [
  {
    id: "message.invalid-input",
    promise:
      "An input that does not fit its schema is refused at the sender; the agent hears nothing.",
    async run({ caller, register, runtimes }) {
      await register(calculator);
      const wrong = Add(JSON.parse('{ "left": "forty", "right": 2 }'));
      const refusal = await refusalOf(caller.send(agentId("calculator", "a"), wrong));
      expect(refusal).toMatchObject({
        code: "PAYLOAD_INVALID",
        outcome: "not-executed",
        retryable: false,
      });
      expect(refusal.message).toContain("left");
      expect(runtimes.map(({ counters }) => counters.deliveries)).toEqual(runtimes.map(() => 0));
    },
  },
  {
    id: "message.invalid-event",
    promise: "An event that does not fit its schema is refused at the publisher.",
    async run({ caller }) {
      const refusal = await refusalOf(caller.publish(topicId("news"), Note(JSON.parse("{}"))));
      expect(refusal).toMatchObject({ code: "PAYLOAD_INVALID", outcome: "not-executed" });
    },
  },
  {
    id: "message.invalid-reply",
    promise: "A reply that does not fit its schema is an error of the handler, which was executed.",
    async run({ caller, register }) {
      const liar = defineAgent("liar", {
        handlers: (on) => [on(Say, async () => JSON.parse('{ "text": 1 }'))],
      });
      await register(liar);
      const refusal = await refusalOf(caller.send(agentId("liar", "a"), Say({ text: "hi" })));
      expect(refusal).toMatchObject({
        code: "HANDLER_FAILED",
        outcome: "executed",
        retryable: false,
      });
      expect(refusal.message).toContain("talk.Said");
    },
  },
  {
    id: "message.unreadable-reply",
    promise:
      "A reply that the sender cannot read is an error that tells that the handler was executed.",
    async run({ caller, register }) {
      const newer = defineMessage("calc.Sum", z.object({ value: z.number(), unit: z.string() }));
      const AddNewer = defineMessage(
        "calc.Add",
        z.object({ left: z.number(), right: z.number() }),
        { reply: newer },
      );
      await register(calculator);
      const refusal = await refusalOf(
        caller.send(agentId("calculator", "a"), AddNewer({ left: 1, right: 2 })),
      );
      expect(refusal).toMatchObject({
        code: "PAYLOAD_INVALID",
        outcome: "executed",
        retryable: false,
      });
    },
  },
  {
    id: "message.other-reply",
    promise:
      "A reply of another type than the sender expects is an error that tells that the handler was executed.",
    async run({ caller, register }) {
      const Other = defineMessage("calc.Add", z.object({ left: z.number(), right: z.number() }), {
        reply: Said,
      });
      const Silent = defineMessage("talk.Note", z.object({ text: z.string() }), { reply: Said });
      await register(calculator);
      await register(defineAgent("scribe", { handlers: (on) => [on(Note, async () => {})] }));
      const other = await refusalOf(
        caller.send(agentId("calculator", "a"), Other({ left: 1, right: 2 })),
      );
      expect(other).toMatchObject({ code: "PAYLOAD_INVALID", outcome: "executed" });
      const nothing = await refusalOf(caller.send(agentId("scribe", "a"), Silent({ text: "hi" })));
      expect(nothing).toMatchObject({ code: "PAYLOAD_INVALID", outcome: "executed" });
    },
  },
  {
    id: "message.undecodable",
    promise:
      "A message that the receiver cannot read is an error of which the handler hears nothing.",
    async run({ caller, register }) {
      const heard = new Journal<unknown>("messages");
      const AddText = defineMessage("calc.Add", z.object({ left: z.string() }), { reply: Sum });
      const strict = defineAgent("strict", {
        handlers: (on) => [
          on(Add, async (add) => {
            heard.add(add);
            return { value: 0 };
          }),
        ],
      });
      await register(strict);
      const refusal = await refusalOf(
        caller.send(agentId("strict", "a"), AddText({ left: "forty" })),
      );
      expect(refusal).toMatchObject({
        code: "PAYLOAD_INVALID",
        outcome: "not-executed",
        retryable: false,
      });
      expect(heard.entries).toEqual([]);
    },
  },
  {
    id: "message.undecodable-event",
    promise: "An event that a receiver cannot read becomes a dead letter; other receivers read it.",
    async run({ caller, register, deadLetters, quiet }) {
      const heard = new Journal<string>("messages");
      const Newer = defineMessage("talk.Note", z.object({ text: z.string(), tone: z.string() }));
      const picky = defineAgent("picky", {
        subscriptions: ["news"],
        handlers: (on) => [on(Newer, ({ text }) => heard.add(`picky ${text}`))],
      });
      const plain = defineAgent("plain", {
        subscriptions: ["news"],
        handlers: (on) => [on(Note, ({ text }) => heard.add(`plain ${text}`))],
      });
      await register(picky);
      await register(plain);
      await caller.publish(topicId("news", "a"), Note({ text: "hi" }));
      expect(await reached(heard, 1)).toEqual(["plain hi"]);
      await quiet();
      expect(await deadLetters()).toMatchObject([{ target: "picky/a", code: "PAYLOAD_INVALID" }]);
    },
  },
  {
    id: "message.unhandled",
    promise: "A message for which the agent has no handler is refused with MESSAGE_UNHANDLED.",
    async run({ caller, register }) {
      await register(calculator);
      const refusal = await refusalOf(caller.send(agentId("calculator", "a"), Say({ text: "hi" })));
      expect(refusal).toMatchObject({
        code: "MESSAGE_UNHANDLED",
        outcome: "not-executed",
        retryable: false,
      });
      expect(refusal.message).toContain("talk.Say");
    },
  },
  {
    id: "message.too-large",
    promise: "A message or reply above the limit is refused on its own side.",
    async run({ caller, register }) {
      const huge = "x".repeat(5 * 1024 * 1024);
      await register(
        defineAgent("boaster", { handlers: (on) => [on(Say, async () => ({ text: huge }))] }),
      );
      const asked = await refusalOf(caller.send(agentId("boaster", "a"), Say({ text: huge })));
      expect(asked).toMatchObject({ code: "PAYLOAD_TOO_LARGE", outcome: "not-executed" });
      expect(asked.message).toMatch(/message talk\.Say.* (the most is|larger than max)/);
      const answered = await refusalOf(
        caller.send(agentId("boaster", "a"), Say({ text: "how large?" })),
      );
      expect(answered).toMatchObject({ code: "HANDLER_FAILED", outcome: "executed" });
      expect(answered.message).toMatch(/message talk\.Said has \d+ bytes; the most is \d+$/);
    },
  },
];
