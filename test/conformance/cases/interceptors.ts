/** Interceptors of what leaves: sends, requests for streams of replies, events. */
import {
  AgentId,
  agentId,
  carries,
  defineAgent,
  drop,
  type OutgoingSend,
  topicId,
} from "@agentmesh/worker-sdk";
import { expect } from "vitest";
import { Journal } from "../../support/journal.ts";
import { collect, refusalOf } from "../../support/settling.ts";
import { reached } from "../journals.ts";
import type { Case } from "../stage.ts";
import { Note, numbers, Recite, Say } from "../vocabulary.ts";

/** Answers with who it is, what it was told and what came along. */
const echo = defineAgent("echo", {
  handlers: (on) => [
    on(Say, async ({ text }, ctx) => {
      return { text: [ctx.self, text, ...Object.values(ctx.metadata)].join(" ") };
    }),
    on(Recite, async function* ({ count }) {
      for (const index of numbers(count)) yield { index };
    }),
  ],
});

const ECHO = agentId("echo", "a");
const NEWS = topicId("news", "a");

/** Writes down every note that comes. */
function reader(heard: Journal<string>) {
  return defineAgent("reader", {
    subscriptions: ["news"],
    handlers: (on) => [
      on(Note, ({ text }, ctx) => {
        heard.add([ctx.self, text, ...Object.values(ctx.metadata)].join(" "));
      }),
    ],
  });
}

export const interceptors: readonly Case[] = [
  {
    id: "intercept.send",
    promise: "An interceptor sees every send once, and may change target, message and metadata.",
    async run({ caller, register }) {
      await register(echo);
      const seen: string[] = [];
      caller.use({
        send(send) {
          if (!carries(send, Say)) return drop();
          seen.push(`${send.sender} ${send.target} ${send.body.text}`);
          const metadata = { ...send.metadata, tone: "loud" };
          return { ...send, target: agentId("echo", "b"), body: { text: "bye" }, metadata };
        },
      });
      const said = await caller.send(ECHO, Say({ text: "hi" }), { metadata: { to: "you" } });
      expect(said.text).toBe("echo/b bye you loud");
      expect(seen).toEqual(["undefined echo/a hi"]);
    },
  },
  {
    id: "intercept.chain",
    promise: "Interceptors act in the order of their use, each on what the one before has left.",
    async run({ caller, register }) {
      await register(echo);
      const append = (suffix: string) => ({
        send: (send: OutgoingSend) =>
          carries(send, Say) ? { ...send, body: { text: send.body.text + suffix } } : undefined,
      });
      caller.use(append("1"), append("2"));
      const early = caller.send(ECHO, Say({ text: "x" }));
      caller.use(append("3"));
      expect((await early).text).toBe("echo/a x12");
      expect((await caller.send(ECHO, Say({ text: "x" }))).text).toBe("echo/a x123");
    },
  },
  {
    id: "intercept.drop-send",
    promise:
      "A dropped send fails with a typed error; its handler does not run, later hooks neither.",
    async run({ caller, register, quiet }) {
      const heard = new Journal<string>("notes");
      await register(reader(heard));
      const later: string[] = [];
      caller.use({ send: () => drop("not today") });
      caller.use({ send: ({ target }) => void later.push(target.text) });
      for (const call of [
        caller.send(agentId("reader", "a"), Note({ text: "hi" })),
        collect(caller.stream(ECHO, Recite({ count: 2 }))),
      ]) {
        const error = await refusalOf(call);
        expect(error).toMatchObject({ code: "MESSAGE_DROPPED", outcome: "not-executed" });
        expect(error.message).toMatch(/dropped talk\.\w+: not today$/);
      }
      await quiet();
      expect([...later, ...heard.entries]).toEqual([]);
    },
  },
  {
    id: "intercept.publish",
    promise: "An interceptor sees every event once, and may change topic, message and metadata.",
    async run({ caller, register }) {
      const heard = new Journal<string>("notes");
      await register(reader(heard));
      caller.use({
        publish(event) {
          const metadata = { via: event.topic.toString() };
          return { ...event, topic: topicId("news", "b"), body: { text: "new" }, metadata };
        },
      });
      await caller.publish(topicId("old", "a"), Note({ text: "old" }));
      expect(await reached(heard, 1)).toEqual(["reader/b new old/a"]);
    },
  },
  {
    id: "intercept.drop-event",
    promise: "A dropped event goes nowhere, and its publisher is told.",
    async run({ caller, register, quiet }) {
      const heard = new Journal<string>("notes");
      await register(reader(heard));
      caller.use({
        publish: (event) =>
          carries(event, Note) && event.body.text === "bad" ? drop() : undefined,
      });
      const error = await refusalOf(caller.publish(NEWS, Note({ text: "bad" })));
      expect(error).toMatchObject({ code: "MESSAGE_DROPPED", outcome: "not-executed" });
      await caller.publish(NEWS, Note({ text: "good" }));
      await quiet();
      expect(await reached(heard, 1)).toEqual(["reader/a good"]);
    },
  },
  {
    id: "intercept.throw-send",
    promise: "What a hook throws, the sender gets; nothing leaves.",
    async run({ caller, register, quiet }) {
      const heard = new Journal<string>("notes");
      await register(reader(heard));
      const thrown = new Error("out of order");
      const fail = () => {
        throw thrown;
      };
      caller.use({ send: fail, publish: async () => fail() });
      await expect(caller.send(agentId("reader", "a"), Note({ text: "hi" }))).rejects.toBe(thrown);
      await expect(caller.publish(NEWS, Note({ text: "hi" }))).rejects.toBe(thrown);
      await quiet();
      expect(heard.entries).toEqual([]);
    },
  },
  {
    id: "intercept.stream",
    promise: "A request for a stream of replies passes through the hook for sends.",
    async run({ caller, register }) {
      await register(echo);
      caller.use({
        send: (send) =>
          carries(send, Recite) ? { ...send, body: { count: send.body.count + 1 } } : undefined,
      });
      const pieces = await collect(caller.stream(ECHO, Recite({ count: 2 })));
      expect(pieces.map(({ index }) => index)).toEqual([0, 1, 2]);
    },
  },
  {
    id: "intercept.agents",
    promise: "What agents send and publish is intercepted too, with their names.",
    async run({ caller, register, runtimes }) {
      const heard = new Journal<string>("notes");
      const seen = new Journal<string>("messages");
      const gossip = defineAgent("gossip", {
        handlers: (on) => [
          on(Say, async ({ text }, ctx) => {
            await ctx.publish(NEWS, Note({ text }));
            return ctx.send(ECHO, Say({ text }));
          }),
        ],
      });
      await register(gossip);
      await register(echo);
      await register(reader(heard));
      // Agent types that are at work already are intercepted like those to come.
      for (const runtime of runtimes) {
        runtime.use({
          send({ sender, target }) {
            if (sender instanceof AgentId) seen.add(`${sender} → ${target}`);
          },
          publish: ({ sender, topic }) => seen.add(`${sender} ⇒ ${topic}`),
        });
      }
      await caller.send(agentId("gossip", "g"), Say({ text: "psst" }));
      expect(seen.entries).toEqual(["gossip/g ⇒ news/a", "gossip/g → echo/a"]);
      expect(await reached(heard, 1)).toEqual(["reader/a psst"]);
    },
  },
  {
    id: "intercept.order",
    promise: "Hooks that answer at once keep the order of messages.",
    async run({ caller, register }) {
      const heard = new Journal<string>("notes");
      await register(reader(heard));
      const texts = numbers(200).map(String);
      caller.use({ send: (send) => ({ ...send }) });
      const target = agentId("reader", "a");
      await Promise.all(texts.map((text) => caller.send(target, Note({ text }))));
      expect(heard.entries).toEqual(texts.map((text) => `reader/a ${text}`));
    },
  },
  {
    id: "intercept.later",
    promise: "A hook may answer later; what it holds fails at its deadline or signal.",
    async run({ runtimes: [runtime], register, advance }) {
      await register(echo);
      const held = new Journal<string>("held messages");
      const hold = (what: string): Promise<undefined> => {
        held.add(what);
        // Who should decide has gone home.
        return new Promise(() => undefined);
      };
      runtime.use({ send: async (send) => ({ ...send, metadata: { asked: "yes" } }) });
      const said = await runtime.send(ECHO, Say({ text: "hi" }));
      expect(said.text).toBe("echo/a hi yes");
      runtime.use({
        send: ({ target }) => hold(target.text),
        publish: ({ topic }) => hold(topic.type),
      });
      const late = refusalOf(runtime.send(ECHO, Say({ text: "hi" }), { timeoutMs: 1_000 }));
      const event = refusalOf(runtime.publish(NEWS, Note({ text: "hi" }), { timeoutMs: 1_000 }));
      const controller = new AbortController();
      const { signal } = controller;
      const unwanted = refusalOf(runtime.send(ECHO, Say({ text: "hi" }), { signal }));
      await reached(held, 3);
      controller.abort(new Error("never mind"));
      expect(await unwanted).toMatchObject({ code: "CANCELLED", outcome: "not-executed" });
      await advance(1_000);
      for (const error of [await late, await event]) {
        expect(error).toMatchObject({ code: "DEADLINE_EXCEEDED", outcome: "not-executed" });
      }
    },
  },
];
