/** Publish: who gets an event, how often, and what becomes of it when nobody can handle it. */
import { agentId, defaultTopic, defineAgent, defineMessage, topicId } from "@agentmesh/worker-sdk";
import { expect } from "vitest";
import { z } from "zod";
import { Gate } from "../../support/gate.ts";
import { Journal } from "../../support/journal.ts";
import { until } from "../../support/waiting.ts";
import { reached } from "../journals.ts";
import type { Case } from "../stage.ts";
import { Note, numbers, Say } from "../vocabulary.ts";

/** `Say` as a program knows it that expects no answer. */
const SaidAloud = defineMessage("talk.Say", z.object({ text: z.string() }));

/** An agent type that writes down who heard what: `type/key text`. */
function listener(
  type: string,
  heard: Journal<string>,
  options: Pick<Parameters<typeof defineAgent>[1], "subscriptions" | "defaultSubscription">,
) {
  return defineAgent(type, {
    ...options,
    handlers: (on) => [on(Note, ({ text }, ctx) => heard.add(`${ctx.self} ${text}`))],
  });
}

export const publishing: readonly Case[] = [
  {
    id: "publish.exact",
    promise: "An event reaches the agents that are subscribed to its topic type, and nobody else.",
    async run({ caller, register, quiet }) {
      const heard = new Journal<string>("notes");
      await register(listener("left", heard, { subscriptions: ["news"] }));
      await register(listener("right", heard, { subscriptions: ["news", "weather"] }));
      await register(listener("deaf", heard, { subscriptions: ["news.local"] }));
      await caller.publish(topicId("news", "a"), Note({ text: "hi" }));
      await reached(heard, 2);
      await quiet();
      expect([...heard.entries].sort()).toEqual(["left/a hi", "right/a hi"]);
    },
  },
  {
    id: "publish.prefix",
    promise: "A prefix subscribes to all topic types that begin with it; the empty one to all.",
    async run({ caller, register, quiet }) {
      const heard = new Journal<string>("notes");
      await register(listener("some", heard, { subscriptions: [{ typePrefix: "news." }] }));
      await register(listener("every", heard, { subscriptions: [{ typePrefix: "" }] }));
      for (const type of ["news.local", "news", "weather"]) {
        await caller.publish(topicId(type, "a"), Note({ text: type }));
      }
      await reached(heard, 4);
      await quiet();
      expect([...heard.entries].sort()).toEqual([
        "every/a news",
        "every/a news.local",
        "every/a weather",
        "some/a news.local",
      ]);
    },
  },
  {
    id: "publish.default-topic",
    promise: "Agents with the default subscription get what is published to the default topic.",
    async run({ caller, register, quiet }) {
      const heard = new Journal<string>("notes");
      await register(listener("listener", heard, { defaultSubscription: true }));
      await register(listener("other", heard, { subscriptions: ["other"] }));
      await caller.publish(defaultTopic(), Note({ text: "hi" }));
      await reached(heard, 1);
      await quiet();
      expect(heard.entries).toEqual(["listener/default hi"]);
    },
  },
  {
    id: "publish.source",
    promise: "The source of a topic is the key of the agents that get its events.",
    async run({ caller, register, quiet }) {
      const heard = new Journal<string>("notes");
      await register(listener("listener", heard, { defaultSubscription: true }));
      for (const source of ["one", "two/2", "drei ü"]) {
        await caller.publish(defaultTopic(source), Note({ text: "hi" }));
      }
      await reached(heard, 3);
      await quiet();
      expect([...heard.entries].sort()).toEqual([
        "listener/drei ü hi",
        "listener/one hi",
        "listener/two/2 hi",
      ]);
    },
  },
  {
    id: "publish.overlap",
    promise: "Subscriptions that overlap deliver an event once.",
    async run({ caller, register, runtimes, quiet }) {
      const heard = new Journal<string>("notes");
      const patterns = ["news.local", { typePrefix: "news." }, { typePrefix: "" }];
      await register(listener("listener", heard, { subscriptions: patterns }));
      for (const runtime of runtimes) {
        await runtime.subscribe({ type: "news.local" }, "listener");
        await runtime.subscribe({ typePrefix: "news" }, "listener");
      }
      await caller.publish(topicId("news.local", "a"), Note({ text: "hi" }));
      await reached(heard, 1);
      await quiet();
      expect(heard.entries).toEqual(["listener/a hi"]);
    },
  },
  {
    id: "publish.self",
    promise: "The agent that publishes is skipped; other agents of its type are not.",
    async run({ caller, register, quiet }) {
      const heard = new Journal<string>("notes");
      const gossip = defineAgent("gossip", {
        subscriptions: ["rumours"],
        handlers: (on) => [
          on(Say, async ({ text }, ctx) => {
            await ctx.publish(topicId("rumours", "me"), Note({ text }));
            await ctx.publish(topicId("rumours", "you"), Note({ text }));
            return { text };
          }),
          on(Note, ({ text }, ctx) => heard.add(`${ctx.self} ${text}`)),
        ],
      });
      await register(gossip);
      await caller.send(agentId("gossip", "me"), Say({ text: "psst" }));
      await reached(heard, 1);
      await quiet();
      expect(heard.entries).toEqual(["gossip/you psst"]);
    },
  },
  {
    id: "publish.nobody",
    promise: "An event for which there is no subscriber is accepted.",
    async run({ caller, deadLetters, quiet }) {
      await expect(caller.publish(topicId("void"), Note({ text: "hi" }))).resolves.toBeUndefined();
      await quiet();
      expect(await deadLetters()).toEqual([]);
    },
  },
  {
    id: "publish.accepted",
    promise: "A publish resolves when the event was accepted, not when it was handled.",
    async run({ caller, register }) {
      const gate = new Gate("the handler");
      const slow = defineAgent("slow", {
        subscriptions: ["news"],
        handlers: (on) => [on(Note, () => gate.pass())],
      });
      await register(slow);
      for (const text of ["one", "two"]) await caller.publish(topicId("news"), Note({ text }));
      await gate.arrivals(1);
      gate.open();
      await gate.arrivals(2);
    },
  },
  {
    id: "publish.order",
    promise: "The events of one publisher are handled in the order of publishing.",
    async run({ caller, register }) {
      const heard = new Journal<string>("notes");
      await register(listener("listener", heard, { subscriptions: ["news"] }));
      const texts = numbers(500).map(String);
      const target = topicId("news", "a");
      await Promise.all(texts.map((text) => caller.publish(target, Note({ text }))));
      await reached(heard, 500);
      expect(heard.entries).toEqual(texts.map((text) => `listener/a ${text}`));
    },
  },
  {
    id: "publish.order-agent",
    promise: "The events of one agent are handled in the order of publishing.",
    async run({ caller, register }) {
      const heard = new Journal<string>("notes");
      const texts = numbers(100).map(String);
      const writer = defineAgent("writer", {
        handlers: (on) => [
          on(Say, async (say, ctx) => {
            const target = topicId("news", "a");
            await Promise.all(texts.map((text) => ctx.publish(target, Note({ text }))));
            return say;
          }),
        ],
      });
      await register(writer);
      await register(listener("listener", heard, { subscriptions: ["news"] }));
      await caller.send(agentId("writer", "a"), Say({ text: "go" }));
      await reached(heard, 100);
      expect(heard.entries).toEqual(texts.map((text) => `listener/a ${text}`));
    },
  },
  {
    id: "publish.failing",
    promise: "A handler that fails harms no sibling, and leaves a dead letter.",
    async run({ caller, register, deadLetters, quiet }) {
      const heard = new Journal<string>("notes");
      const failing = defineAgent("failing", {
        subscriptions: ["news"],
        handlers: (on) => [
          on(Note, ({ text }, ctx) => {
            if (text === "boo") throw new Error("frightened");
            heard.add(`${ctx.self} ${text}`);
          }),
        ],
      });
      await register(listener("left", heard, { subscriptions: ["news"] }));
      await register(failing);
      await register(listener("right", heard, { subscriptions: ["news"] }));
      for (const text of ["boo", "hi"]) await caller.publish(topicId("news", "a"), Note({ text }));
      await reached(heard, 5);
      await quiet();
      expect([...heard.entries].sort()).toEqual([
        "failing/a hi",
        "left/a boo",
        "left/a hi",
        "right/a boo",
        "right/a hi",
      ]);
      expect(await deadLetters()).toMatchObject([
        {
          target: "failing/a",
          sender: undefined,
          topic: "news/a",
          messageType: "talk.Note",
          code: "HANDLER_FAILED",
          text: "frightened",
          attempts: 1,
        },
      ]);
    },
  },
  {
    id: "publish.unhandled",
    promise: "An event for which the agent has no handler counts as handled.",
    async run({ caller, register, runtimes, deadLetters, quiet }) {
      const indifferent = defineAgent("indifferent", {
        subscriptions: ["news"],
        handlers: (on) => [on(Say, async (say) => say)],
      });
      await register(indifferent);
      await caller.publish(topicId("news", "a"), Note({ text: "hi" }));
      const unhandled = (): number =>
        runtimes.reduce((sum, { counters }) => sum + counters.unhandledEvents, 0);
      await until(() => unhandled() === 1, "an unhandled event");
      await quiet();
      expect(await deadLetters()).toEqual([]);
    },
  },
  {
    id: "publish.request-event",
    promise: "An event of a type that has a reply is handled; the reply goes nowhere.",
    async run({ caller, register, deadLetters, quiet }) {
      const heard = new Journal<string>("messages");
      const both = defineAgent("both", {
        subscriptions: ["news"],
        handlers: (on) => [
          on(Say, async (say, ctx) => {
            heard.add(`${ctx.kind} ${say.text}`);
            return say;
          }),
        ],
      });
      await register(both);
      await caller.publish(topicId("news", "a"), SaidAloud({ text: "hi" }));
      expect(await reached(heard, 1)).toEqual(["event hi"]);
      await quiet();
      expect(await deadLetters()).toEqual([]);
    },
  },
];
