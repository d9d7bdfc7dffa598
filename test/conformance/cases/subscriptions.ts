/** Subscriptions that come and go, and events that cause events. */
import {
  agentId,
  DEFAULT_TOPIC_TYPE,
  defaultTopic,
  defineAgent,
  defineMessage,
  topicId,
} from "@agentmesh/worker-sdk";
import { expect } from "vitest";
import { z } from "zod";
import { Journal } from "../../support/journal.ts";
import { refusalOf } from "../../support/settling.ts";
import { until } from "../../support/waiting.ts";
import { reached } from "../journals.ts";
import type { Case, Stage } from "../stage.ts";
import { Note, numbers, Say } from "../vocabulary.ts";

const AGENTS = 5;
const MESSAGES = 5;
const ROUNDS = 5;

const Cascade = defineMessage("cascade.Message", z.object({ round: z.number() }));

async function listening({ register }: Stage, heard: Journal<string>): Promise<void> {
  const listener = defineAgent("listener", {
    handlers: (on) => [on(Note, ({ text }, ctx) => heard.add(`${ctx.self} ${text}`))],
  });
  await register(listener);
}

export const subscriptions: readonly Case[] = [
  {
    id: "subscribe.at-once",
    promise: "A subscription counts from the moment when it was made.",
    async run(stage) {
      const { caller, runtimes, quiet } = stage;
      const heard = new Journal<string>("notes");
      await listening(stage, heard);
      await caller.publish(topicId("news", "a"), Note({ text: "before" }));
      await runtimes[0].subscribe({ type: "news" }, "listener");
      await caller.publish(topicId("news", "a"), Note({ text: "after" }));
      await reached(heard, 1);
      await quiet();
      expect(heard.entries).toEqual(["listener/a after"]);
    },
  },
  {
    id: "subscribe.elsewhere",
    promise: "Any runtime may subscribe agents, also those that run elsewhere.",
    async run(stage) {
      const { caller, runtimes } = stage;
      const heard = new Journal<string>("notes");
      await listening(stage, heard);
      await runtimes.at(-1)?.subscribe({ typePrefix: "news." }, "listener");
      await caller.publish(topicId("news.local", "a"), Note({ text: "hi" }));
      expect(await reached(heard, 1)).toEqual(["listener/a hi"]);
    },
  },
  {
    id: "unsubscribe.at-once",
    promise: "What is published after an unsubscribe does not reach the agents.",
    async run(stage) {
      const { caller, runtimes, quiet } = stage;
      const heard = new Journal<string>("notes");
      await listening(stage, heard);
      const id = await runtimes[0].subscribe({ type: "news" }, "listener");
      await runtimes[0].subscribe({ type: "weather" }, "listener");
      await caller.publish(topicId("news", "a"), Note({ text: "before" }));
      await runtimes[0].unsubscribe(id);
      await caller.publish(topicId("news", "a"), Note({ text: "after" }));
      await caller.publish(topicId("weather", "a"), Note({ text: "rain" }));
      await reached(heard, 2);
      await quiet();
      expect([...heard.entries].sort()).toEqual(["listener/a before", "listener/a rain"]);
    },
  },
  {
    id: "unsubscribe.one-of-two",
    promise: "Of two equal subscriptions the other one stays.",
    async run(stage) {
      const { caller, runtimes, quiet } = stage;
      const heard = new Journal<string>("notes");
      await listening(stage, heard);
      const first = await runtimes[0].subscribe({ type: "news" }, "listener");
      const second = await runtimes[0].subscribe({ type: "news" }, "listener");
      expect(second).not.toBe(first);
      await runtimes[0].unsubscribe(first);
      await caller.publish(topicId("news", "a"), Note({ text: "one left" }));
      await reached(heard, 1);
      await runtimes[0].unsubscribe(second);
      await caller.publish(topicId("news", "a"), Note({ text: "none left" }));
      await quiet();
      expect(heard.entries).toEqual(["listener/a one left"]);
    },
  },
  {
    id: "unsubscribe.unknown",
    promise: "A subscription that does not exist cannot be ended.",
    async run({ runtimes }) {
      const [runtime] = runtimes;
      const id = await runtime.subscribe({ type: "news" }, "listener");
      await runtime.unsubscribe(id);
      for (const wrong of [id, "never"]) {
        const error = await refusalOf(runtime.unsubscribe(wrong));
        expect(error).toMatchObject({ code: "SUBSCRIPTION_UNKNOWN", outcome: "not-executed" });
      }
    },
  },
  {
    id: "subscribe.refused",
    promise: "A subscription that breaks the grammar is refused; the next one works.",
    async run(stage) {
      const { caller, runtimes } = stage;
      const heard = new Journal<string>("notes");
      await listening(stage, heard);
      const wrong = runtimes[0].subscribe({ type: "no spaces" }, "listener");
      expect(await refusalOf(wrong)).toMatchObject({ code: "INVALID_ARGUMENT" });
      const stranger = runtimes[0].subscribe({ type: "news" }, "no spaces");
      expect(await refusalOf(stranger)).toMatchObject({ code: "INVALID_ARGUMENT" });
      await runtimes[0].subscribe({ type: "news" }, "listener");
      await caller.publish(topicId("news", "a"), Note({ text: "hi" }));
      expect(await reached(heard, 1)).toEqual(["listener/a hi"]);
    },
  },
  {
    id: "publish.cascade",
    promise: "A cascade of events among five agents delivers each of them exactly once.",
    async run({ caller, register, quiet }) {
      const counts = new Map<string, number>();
      for (const number of numbers(AGENTS)) {
        const cascading = defineAgent(`cascading-${number}`, {
          defaultSubscription: true,
          handlers: (on) => [
            on(Cascade, async ({ round }, ctx) => {
              counts.set(ctx.self.type, (counts.get(ctx.self.type) ?? 0) + 1);
              if (round === ROUNDS) return;
              await ctx.publish(defaultTopic(ctx.self.key), Cascade({ round: round + 1 }));
            }),
          ],
        });
        await register(cascading);
      }
      const publishes = numbers(MESSAGES).map(() =>
        caller.publish(defaultTopic(), Cascade({ round: 1 })),
      );
      await Promise.all(publishes);
      // In each round an agent hears all messages of the round before but its own.
      const expected = numbers(ROUNDS).reduce(
        (sum, round) => sum + MESSAGES * (AGENTS - 1) ** round,
        0,
      );
      const heardAll = (): boolean =>
        counts.size === AGENTS && [...counts.values()].every((count) => count >= expected);
      await until(heardAll, `${expected} messages for each agent`, CASCADE_LIMIT_MS);
      await quiet();
      expect([...counts.values()]).toEqual(numbers(AGENTS).map(() => expected));
    },
  },
  {
    id: "subscribe.none",
    promise: "An agent type hears nothing that it has not subscribed to, nor by its own name.",
    async run(stage) {
      const { caller, quiet } = stage;
      const heard = new Journal<string>("notes");
      await listening(stage, heard);
      for (const type of [DEFAULT_TOPIC_TYPE, "listener", "listener:"]) {
        await caller.publish(topicId(type, "a"), Note({ text: type }));
      }
      await quiet();
      expect(heard.entries).toEqual([]);
    },
  },
  {
    id: "publish.between-types",
    promise: "Agents of two types that answer sends and publish to each other hear all of it once.",
    async run({ caller, register, quiet }) {
      const heard = new Journal<string>("notes");
      for (const type of ["left", "right"]) {
        const side = defineAgent(type, {
          defaultSubscription: true,
          handlers: (on) => [
            on(Note, ({ text }, ctx) => heard.add(`${ctx.self} ${text}`)),
            on(Say, async (say, ctx) => {
              const { key } = ctx.self;
              await ctx.publish(defaultTopic(key), Note({ text: `from ${type}` }));
              return { text: `${type} ${say.text}` };
            }),
          ],
        });
        await register(side);
      }
      const targets = [agentId("left", "a"), agentId("right", "a"), agentId("left", "b")];
      const replies = targets.map((target) => caller.send(target, Say({ text: target.key })));
      const texts = (await Promise.all(replies)).map(({ text }) => text);
      expect(texts).toEqual(["left a", "right a", "left b"]);
      await caller.publish(defaultTopic("a"), Note({ text: "from outside" }));
      await reached(heard, 5);
      await quiet();
      expect([...heard.entries].sort()).toEqual([
        "left/a from outside",
        "left/a from right",
        "right/a from left",
        "right/a from outside",
        "right/b from left",
      ]);
    },
  },
];

/** 8 525 deliveries take their time on a busy machine. */
const CASCADE_LIMIT_MS = 14_000;
