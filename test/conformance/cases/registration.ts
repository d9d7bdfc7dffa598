/** Putting agent types to work and taking them from it. */
import { agentId, closureAgent, defaultTopic, defineAgent, topicId } from "@agentmesh/worker-sdk";
import { expect } from "vitest";
import { Gate } from "../../support/gate.ts";
import { Journal } from "../../support/journal.ts";
import { refusalOf } from "../../support/settling.ts";
import { reached } from "../journals.ts";
import type { Case } from "../stage.ts";
import { Note, numbers, Piece, Say } from "../vocabulary.ts";

/** An agent type that answers with a text of its own. */
function speaker(text: string) {
  return defineAgent("speaker", { handlers: (on) => [on(Say, async () => ({ text }))] });
}

const SPEAKER = agentId("speaker", "a");

export const registration: readonly Case[] = [
  {
    id: "register.taken",
    promise: "A runtime registers an agent type once; the first registration goes on.",
    async run({ caller, runtimes }) {
      await runtimes[0].register(speaker("first"));
      const error = await refusalOf(runtimes[0].register(speaker("second")));
      expect(error).toMatchObject({ code: "AGENT_TYPE_TAKEN", outcome: "not-executed" });
      await expect(caller.send(SPEAKER, Say({ text: "?" }))).resolves.toEqual({ text: "first" });
      await runtimes[0].register(defineAgent("other", { handlers: () => [] }));
    },
  },
  {
    id: "register.retry",
    promise: "A registration that was refused may be tried again.",
    async run({ caller, runtimes }) {
      await runtimes[0].register(speaker("first"));
      const second = defineAgent("speaker", {
        subscriptions: ["news"],
        handlers: (on) => [on(Say, async () => ({ text: "second" }))],
      });
      for (const _ of numbers(3)) await refusalOf(runtimes[0].register(second));
      await runtimes[0].unregister("speaker");
      await runtimes[0].register(second);
      await expect(caller.send(SPEAKER, Say({ text: "?" }))).resolves.toEqual({ text: "second" });
    },
  },
  {
    id: "unregister.gone",
    promise: "After an unregister the agent type is unknown, and its subscriptions have ended.",
    async run({ caller, runtimes, quiet, deadLetters }) {
      const heard = new Journal<string>("notes");
      const listener = defineAgent("listener", {
        subscriptions: ["news"],
        handlers: (on) => [on(Note, ({ text }) => heard.add(text))],
      });
      await runtimes[0].register(listener);
      const target = agentId("listener", "a");
      await caller.send(target, Note({ text: "one" }));
      await runtimes[0].unregister("listener");
      const error = await refusalOf(caller.send(target, Note({ text: "two" })));
      expect(error).toMatchObject({ code: "AGENT_TYPE_UNKNOWN", outcome: "not-executed" });
      await caller.publish(topicId("news", "a"), Note({ text: "three" }));
      // The same code without subscriptions does not inherit those of before.
      await runtimes[0].register(closureAgent("listener", Note, ({ text }) => heard.add(text)));
      await caller.publish(topicId("news", "a"), Note({ text: "four" }));
      await caller.send(target, Note({ text: "five" }));
      await quiet();
      expect(heard.entries).toEqual(["one", "five"]);
      expect(await deadLetters()).toEqual([]);
    },
  },
  {
    id: "unregister.finishes",
    promise: "An agent whose type is unregistered finishes its turn and acts for the last time.",
    async run({ caller, runtimes }) {
      const gate = new Gate("the handler");
      const left = new Journal<string>("last acts");
      const slow = defineAgent("slow", {
        state: { initial: ({ key }) => key },
        onDeactivate: (key) => left.add(key),
        handlers: (on) => [
          on(Say, async (say) => {
            await gate.pass();
            return say;
          }),
          on(Note, () => {}),
        ],
      });
      await runtimes[0].register(slow);
      await caller.send(agentId("slow", "idle"), Note({ text: "hi" }));
      const sent = caller.send(agentId("slow", "busy"), Say({ text: "still here" }));
      await gate.arrivals();
      await runtimes[0].unregister("slow");
      expect(await reached(left, 1)).toEqual(["idle"]);
      gate.open();
      await expect(sent).resolves.toEqual({ text: "still here" });
      expect(await reached(left, 2)).toEqual(["idle", "busy"]);
      expect(runtimes[0].activeAgents).toBe(0);
    },
  },
  {
    id: "unregister.unknown",
    promise: "An agent type that is not registered cannot be unregistered.",
    async run({ runtimes }) {
      const error = await refusalOf(runtimes[0].unregister("nobody"));
      expect(error).toMatchObject({ code: "NOT_FOUND", outcome: "not-executed" });
    },
  },
  {
    id: "register.given-up",
    promise: "Who has given up before asks for nothing; who gives up later changes nothing.",
    async run({ caller, runtimes }) {
      const [runtime] = runtimes;
      const signal = AbortSignal.abort("enough");
      await runtime.register(speaker("first"));
      const id = await runtime.subscribe({ type: "news" }, "speaker");
      for (const call of [
        runtime.register(defineAgent("other", { handlers: () => [] }), { signal }),
        runtime.subscribe({ type: "weather" }, "speaker", { signal }),
        runtime.unsubscribe(id, { signal }),
        runtime.unregister("speaker", { signal }),
      ]) {
        expect(await refusalOf(call)).toMatchObject({ code: "CANCELLED", cause: "enough" });
      }
      await expect(caller.send(SPEAKER, Say({ text: "?" }))).resolves.toEqual({ text: "first" });
      const later = new AbortController();
      const options = { signal: later.signal, timeoutMs: 5_000 };
      await runtime.unsubscribe(id, options);
      await runtime.register(defineAgent("other", { handlers: () => [] }), options);
      later.abort();
      await runtime.unregister("other");
    },
  },
  {
    id: "register.timeout",
    promise: "Nobody can wait for an answer for no time at all, or for ever.",
    async run({ runtimes: [runtime] }) {
      for (const timeoutMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
        const error = await refusalOf(runtime.register(speaker("first"), { timeoutMs }));
        expect(error).toMatchObject({ code: "INVALID_ARGUMENT", outcome: "not-executed" });
      }
      await runtime.register(speaker("first"));
    },
  },
  {
    id: "register.successor",
    promise: "Another runtime may take an agent type over.",
    async run({ caller, runtimes }) {
      await runtimes[0].register(speaker("first"));
      await caller.send(SPEAKER, Say({ text: "?" }));
      await runtimes[0].unregister("speaker");
      await runtimes.at(-1)?.register(speaker("second"));
      await expect(caller.send(SPEAKER, Say({ text: "?" }))).resolves.toEqual({ text: "second" });
    },
  },
  {
    id: "register.in-time",
    promise: "A type is at work when its registration resolves, also for events.",
    async run({ caller, register }) {
      const heard = new Journal<string>("notes");
      for (const type of ["one", "two", "three"]) {
        const hear = closureAgent(type, Note, ({ text }) => heard.add(`${type} ${text}`), {
          defaultSubscription: true,
        });
        await register(hear);
        await caller.publish(defaultTopic(type), Note({ text: "hi" }));
        await caller.send(agentId(type, "a"), Note({ text: "hi" }));
      }
      // Everyone hears its own send, and the events since it is there.
      await reached(heard, 9);
      expect(heard.entries).toHaveLength(9);
    },
  },
  {
    id: "closure.events",
    promise: "A closure agent hears what is published, in its order.",
    async run({ caller, register }) {
      const heard = new Journal<string>("notes");
      const hear = closureAgent(
        "printer",
        Note,
        async ({ text }, ctx) => heard.add(`${ctx.self.key} ${text}`),
        { defaultSubscription: true },
      );
      await register(hear);
      for (const text of ["one", "two", "three"]) {
        await caller.publish(defaultTopic(), Note({ text }));
      }
      expect(await reached(heard, 3)).toEqual(["default one", "default two", "default three"]);
    },
  },
  {
    id: "closure.several",
    promise: "A closure agent may hear several types of message.",
    async run({ caller, register }) {
      const heard = new Journal<unknown>("messages");
      await register(closureAgent("printer", [Note, Piece], (message) => heard.add(message)));
      const target = agentId("printer", "a");
      await caller.send(target, Note({ text: "one" }));
      await caller.send(target, Piece({ index: 2 }));
      expect(heard.entries).toEqual([{ text: "one" }, { index: 2 }]);
    },
  },
  {
    id: "closure.reply",
    promise: "A closure agent may reply.",
    async run({ caller, register }) {
      await register(closureAgent("echo", Say, async ({ text }) => ({ text: `${text}!` })));
      const reply = await caller.send(agentId("echo", "a"), Say({ text: "hi" }));
      expect(reply).toEqual({ text: "hi!" });
    },
  },
];
