/** Interceptors of what agents receive and reply. */
import {
  AppError,
  agentId,
  carries,
  defineAgent,
  defineMessage,
  drop,
  type Interceptor,
  topicId,
} from "@agentmesh/worker-sdk";
import { expect } from "vitest";
import { z } from "zod";
import { Gate } from "../../support/gate.ts";
import { Journal } from "../../support/journal.ts";
import { collect, refusalOf } from "../../support/settling.ts";
import { eventually, until } from "../../support/waiting.ts";
import { reached } from "../journals.ts";
import type { Case, Stage } from "../stage.ts";
import { Note, numbers, Piece, Recite, Said, Say } from "../vocabulary.ts";

/** Writes down what it handles. */
function scribe(handled: Journal<string>) {
  return defineAgent("scribe", {
    subscriptions: ["news"],
    handlers: (on) => [
      on(Say, async ({ text }, ctx) => {
        handled.add([text, ...Object.values(ctx.metadata)].join(" "));
        return { text };
      }),
      on(Note, ({ text }, ctx) => {
        handled.add([text, ...Object.values(ctx.metadata)].join(" "));
      }),
      on(Recite, async function* ({ count }) {
        handled.add(`recite ${count}`);
        for (const index of numbers(count)) yield { index };
      }),
    ],
    onUnknown: (message) => ({ ...message, messageName: Pong.messageName }),
  });
}

const Pong = defineMessage("talk.Pong", z.object({}));
const Ping = defineMessage("talk.Ping", z.object({}), { reply: Pong });

const SCRIBE = agentId("scribe", "a");

async function stageScribe({ register, runtimes }: Stage, interceptor: Interceptor) {
  const handled = new Journal<string>("handled messages");
  for (const runtime of runtimes) runtime.use(interceptor);
  await register(scribe(handled));
  return handled;
}

export const receivingInterceptors: readonly Case[] = [
  {
    id: "intercept.receive",
    promise:
      "An interceptor sees what an agent is about to handle, and may change it and its metadata.",
    async run(stage) {
      const seen: string[] = [];
      const handled = await stageScribe(stage, {
        receive(message) {
          if (!carries(message, Say)) return;
          const { receiver, sender, topic, attempt, metadata, body } = message;
          seen.push([receiver, sender, topic, attempt, metadata.secret, body.text].join(" "));
          return { ...message, body: { text: "changed" }, metadata: { note: "clean" } };
        },
      });
      const metadata = { secret: "x" };
      const said = await stage.caller.send(SCRIBE, Say({ text: "hi" }), { metadata });
      expect(said.text).toBe("changed");
      expect(handled.entries).toEqual(["changed clean"]);
      expect(seen).toEqual(["scribe/a   1 x hi"]);
    },
  },
  {
    id: "intercept.drop-received",
    promise: "A send that is dropped on arrival tells its sender; an event counts as handled.",
    async run(stage) {
      const { caller, runtimes, quiet, deadLetters } = stage;
      const handled = await stageScribe(stage, {
        receive: async ({ type }) =>
          type.messageName === Say.messageName ? undefined : drop("no"),
      });
      const error = await refusalOf(caller.send(SCRIBE, Note({ text: "hi" })));
      expect(error).toMatchObject({ code: "MESSAGE_DROPPED", outcome: "not-executed" });
      const stream = await refusalOf(collect(caller.stream(SCRIBE, Recite({ count: 2 }))));
      expect(stream).toMatchObject({ code: "MESSAGE_DROPPED", outcome: "not-executed" });
      await caller.publish(topicId("news", "a"), Note({ text: "hi" }));
      const dropped = () =>
        runtimes.reduce((sum, { counters }) => sum + counters.droppedMessages, 0);
      await until(() => dropped() === 3, "three dropped messages");
      await quiet();
      expect(handled.entries).toEqual([]);
      expect(await deadLetters()).toEqual([]);
      await expect(caller.send(SCRIBE, Say({ text: "hi" }))).resolves.toEqual({ text: "hi" });
    },
  },
  {
    id: "intercept.throw-received",
    promise: "A hook that throws on arrival fails the message as its handler would, not executed.",
    async run(stage) {
      const { caller, quiet, deadLetters } = stage;
      const handled = await stageScribe(stage, {
        receive({ metadata }) {
          if (metadata.token !== "let me in") throw new AppError("FORBIDDEN", "who are you?");
        },
      });
      const error = await refusalOf(caller.send(SCRIBE, Say({ text: "hi" })));
      expect(error).toMatchObject({
        code: "APPLICATION",
        appCode: "FORBIDDEN",
        outcome: "not-executed",
      });
      await caller.publish(topicId("news", "a"), Note({ text: "hi" }));
      await eventually(deadLetters, (letters) => letters.length === 1, "a dead letter");
      const metadata = { token: "let me in" };
      await caller.send(SCRIBE, Say({ text: "hi" }), { metadata });
      await quiet();
      expect(handled.entries).toEqual(["hi let me in"]);
    },
  },
  {
    id: "intercept.reply",
    promise: "An interceptor sees every reply once, and may change it.",
    async run(stage) {
      const seen: string[] = [];
      await stageScribe(stage, {
        async reply(reply) {
          seen.push(`${reply.kind} ${reply.sender} ${reply.receiver} ${reply.type.messageName}`);
          return carries(reply, Said) ? { ...reply, body: { text: `${reply.body.text}!` } } : reply;
        },
      });
      const { caller } = stage;
      const said = await caller.send(SCRIBE, Say({ text: "hi" }));
      expect(said.text).toBe("hi!");
      // What nothing answers has no reply to see.
      await caller.send(SCRIBE, Note({ text: "hi" }));
      await collect(caller.stream(SCRIBE, Recite({ count: 1 })));
      await caller.send(SCRIBE, Ping({}));
      const own = seen.filter((line) => !line.includes("stage.probe"));
      expect(own).toEqual([
        "reply scribe/a undefined talk.Said",
        "chunk scribe/a undefined talk.Piece",
        "reply scribe/a undefined ",
      ]);
    },
  },
  {
    id: "intercept.drop-reply",
    promise: "A dropped reply tells its sender that the handler ran.",
    async run(stage) {
      const handled = await stageScribe(stage, { reply: () => drop("secret") });
      const error = await refusalOf(stage.caller.send(SCRIBE, Say({ text: "hi" })));
      expect(error).toMatchObject({ code: "MESSAGE_DROPPED", outcome: "executed" });
      expect(error.message).toContain("secret");
      expect(handled.entries).toEqual(["hi"]);
    },
  },
  {
    id: "intercept.throw-reply",
    promise: "A hook that throws on a reply fails the send as its handler would.",
    async run(stage) {
      const handled = await stageScribe(stage, {
        reply() {
          throw new Error("not like this");
        },
      });
      const error = await refusalOf(stage.caller.send(SCRIBE, Say({ text: "hi" })));
      expect(error).toMatchObject({ code: "HANDLER_FAILED", outcome: "executed" });
      expect(handled.entries).toEqual(["hi"]);
    },
  },
  {
    id: "intercept.chunks",
    promise: "Every element of a stream of replies may be changed or left out.",
    async run(stage) {
      await stageScribe(stage, {
        reply(reply) {
          if (reply.kind === "reply" || !carries(reply, Piece)) return;
          if (reply.body.index === 1) return drop();
          return { ...reply, body: { index: reply.body.index * 10 } };
        },
      });
      const pieces = await collect(stage.caller.stream(SCRIBE, Recite({ count: 4 })));
      expect(pieces.map(({ index }) => index)).toEqual([0, 20, 30]);
    },
  },
  {
    id: "intercept.cancelled",
    promise: "A message that was taken back while a hook held it is not handled.",
    async run(stage) {
      const { runtimes, arrived, quiet } = stage;
      const held = new Gate("the hook");
      const handled = await stageScribe(stage, {
        async receive(message) {
          if (carries(message, Note) || carries(message, Recite)) await held.pass();
        },
      });
      const controller = new AbortController();
      const { signal } = controller;
      const [sent, streamed] = [agentId("scribe", "a"), agentId("scribe", "b")];
      const refused = [
        refusalOf(runtimes[0].send(sent, Note({ text: "hi" }), { signal })),
        refusalOf(collect(runtimes[0].stream(streamed, Recite({ count: 1 }), { signal }))),
      ];
      await held.arrivals(2);
      controller.abort();
      for (const refusal of refused) expect(await refusal).toMatchObject({ code: "CANCELLED" });
      await arrived();
      held.open();
      await quiet();
      expect(handled.entries).toEqual([]);
    },
  },
  {
    id: "intercept.turns",
    promise: "A hook that answers later keeps its turn: messages are handled in their order.",
    async run(stage) {
      let pending: ((value?: undefined) => void)[] = [];
      const arrived = new Journal<string>("messages that wait");
      const handled = await stageScribe(stage, {
        receive(message) {
          if (!carries(message, Note)) return;
          arrived.add(message.body.text);
          return new Promise((resolve) => pending.push(resolve));
        },
      });
      const sent = ["one", "two"].map((text) => stage.caller.send(SCRIBE, Note({ text })));
      for (const count of [1, 2]) {
        await reached(arrived, count);
        expect(handled.entries).toHaveLength(count - 1);
        for (const go of pending) go();
        pending = [];
      }
      await Promise.all(sent);
      expect(handled.entries).toEqual(["one", "two"]);
    },
  },
];
