/** Cancellation: who gives up is told at once, and nobody works for nothing. */
import { getEventListeners } from "node:events";
import { agentId, defineAgent, topicId } from "@agentmesh/worker-sdk";
import { expect } from "vitest";
import { Gate } from "../../support/gate.ts";
import { Journal } from "../../support/journal.ts";
import { aborted, refusalOf } from "../../support/settling.ts";
import { reached } from "../journals.ts";
import type { Case } from "../stage.ts";
import { Note, numbers, Say } from "../vocabulary.ts";

/** An agent type that waits for its signal, and answers at once when it is told something. */
function sleeper(gate: Gate, log: Journal<string>) {
  return defineAgent("sleeper", {
    handlers: (on) => [
      on(Note, async ({ text }, ctx) => {
        await gate.pass();
        await aborted(ctx.signal);
        log.add(`${text}: ${String(ctx.signal.reason.code)}`);
      }),
      on(Say, async ({ text }) => ({ text })),
    ],
  });
}

/** An agent type that passes on to another, and writes down when its signal fires. */
function relay(type: string, to: string, log: Journal<string>) {
  return defineAgent(type, {
    handlers: (on) => [
      on(Note, async (note, ctx) => {
        ctx.signal.addEventListener("abort", () => log.add(`${type} is told`));
        await ctx.send(agentId(to, "a"), Note(note));
      }),
    ],
  });
}

export const cancellation: readonly Case[] = [
  {
    id: "cancel.signal",
    promise: "A cancelled send fails at once, and the handler's signal fires.",
    async run({ caller, register }) {
      const gate = new Gate("the handler");
      const stuck = new Gate("the handler that was told");
      const told = new Journal<unknown>("signals");
      const sleepy = defineAgent("sleepy", {
        handlers: (on) => [
          on(Note, async (_, ctx) => {
            await gate.pass();
            await aborted(ctx.signal);
            told.add(ctx.signal.reason);
            await stuck.pass();
          }),
        ],
      });
      await register(sleepy);
      gate.open();
      const abort = new AbortController();
      const call = caller.send(agentId("sleepy", "a"), Note({ text: "hi" }), {
        signal: abort.signal,
      });
      const refusal = refusalOf(call);
      await gate.arrivals();
      abort.abort(new Error("changed my mind"));
      const error = await refusal;
      expect(error).toMatchObject({ code: "CANCELLED", outcome: "unknown", retryable: false });
      expect(error.cause).toMatchObject({ message: "changed my mind" });
      // The handler has not ended: the caller did not wait for it.
      await stuck.arrivals();
      expect(told.entries).toMatchObject([{ code: "CANCELLED" }]);
      stuck.open();
    },
  },
  {
    id: "cancel.before",
    promise: "A send whose signal has fired already is not made.",
    async run({ caller, runtimes, register }) {
      await register(sleeper(new Gate("the handler"), new Journal<string>("signals")));
      const signal = AbortSignal.abort(new Error("no"));
      const message = Note({ text: "hi" });
      const sent = await refusalOf(caller.send(agentId("sleeper", "a"), message, { signal }));
      expect(sent).toMatchObject({ code: "CANCELLED", outcome: "not-executed" });
      expect(sent.cause).toMatchObject({ message: "no" });
      const published = await refusalOf(caller.publish(topicId("news"), message, { signal }));
      expect(published).toMatchObject({ code: "CANCELLED", outcome: "not-executed" });
      expect(runtimes.map(({ counters }) => counters.deliveries)).toEqual(runtimes.map(() => 0));
    },
  },
  {
    id: "cancel.queued",
    promise: "Cancelled work that waits does not start.",
    async run({ caller, register, arrived }) {
      const gate = new Gate("handlers");
      const handled = new Journal<string>("notes");
      const clerk = defineAgent("clerk", {
        handlers: (on) => [
          on(Note, async ({ text }) => {
            await gate.pass();
            handled.add(text);
          }),
        ],
      });
      await register(clerk);
      const target = agentId("clerk", "a");
      const first = caller.send(target, Note({ text: "first" }));
      const abort = new AbortController();
      // More than an agent is given at a time: some wait at the worker, some before it.
      const cancelled = numbers(40).map((number) =>
        refusalOf(caller.send(target, Note({ text: `void ${number}` }), { signal: abort.signal })),
      );
      const last = caller.send(target, Note({ text: "last" }));
      await gate.arrivals();
      await arrived();
      abort.abort();
      for (const { code } of await Promise.all(cancelled)) expect(code).toBe("CANCELLED");
      await arrived();
      gate.open();
      await Promise.all([first, last]);
      expect(handled.entries).toEqual(["first", "last"]);
    },
  },
  {
    id: "cancel.nested",
    promise: "A cancel goes through nested sends to everyone who works for it.",
    async run({ caller, register }) {
      const gate = new Gate("the innermost handler");
      const log = new Journal<string>("signals");
      await register(relay("outer", "middle", log));
      await register(relay("middle", "sleeper", log));
      await register(sleeper(gate, log));
      gate.open();
      const abort = new AbortController();
      const refusal = refusalOf(
        caller.send(agentId("outer", "a"), Note({ text: "hi" }), { signal: abort.signal }),
      );
      await gate.arrivals();
      abort.abort();
      expect((await refusal).code).toBe("CANCELLED");
      await reached(log, 3);
      expect([...log.entries].sort()).toEqual(["hi: CANCELLED", "middle is told", "outer is told"]);
    },
  },
  {
    id: "cancel.inner",
    promise: "An agent may cancel what it sent and go on.",
    async run({ caller, register }) {
      const gate = new Gate("the inner handler");
      const log = new Journal<string>("signals");
      const fickle = defineAgent("fickle", {
        handlers: (on) => [
          on(Say, async ({ text }, ctx) => {
            const abort = new AbortController();
            const target = agentId("sleeper", "a");
            const call = ctx.send(target, Note({ text }), { signal: abort.signal });
            const refusal = refusalOf(call);
            await gate.arrivals();
            abort.abort();
            const { code } = await refusal;
            const { text: next } = await ctx.send(target, Say({ text: "next" }));
            return { text: `${code} ${next} ${ctx.signal.aborted}` };
          }),
        ],
      });
      await register(fickle);
      await register(sleeper(gate, log));
      gate.open();
      const { text } = await caller.send(agentId("fickle", "a"), Say({ text: "hi" }));
      expect(text).toBe("CANCELLED next false");
      expect(log.entries).toEqual(["hi: CANCELLED"]);
    },
  },
  {
    id: "cancel.late",
    promise: "After the reply nobody listens to the signal any more; firing it changes nothing.",
    async run({ caller, register }) {
      await register(sleeper(new Gate("the handler"), new Journal<string>("signals")));
      const abort = new AbortController();
      const target = agentId("sleeper", "a");
      const reply = await caller.send(target, Say({ text: "one" }), { signal: abort.signal });
      expect(getEventListeners(abort.signal, "abort")).toEqual([]);
      abort.abort();
      expect(reply).toEqual({ text: "one" });
      await expect(caller.send(target, Say({ text: "two" }))).resolves.toEqual({ text: "two" });
    },
  },
  {
    id: "cancel.frees",
    promise:
      "The agent goes on with the next message when a cancelled turn has ended, and not before.",
    async run({ caller, register, arrived }) {
      const gate = new Gate("handlers");
      const log = new Journal<string>("events");
      const stubborn = defineAgent("stubborn", {
        handlers: (on) => [
          on(Note, async ({ text }, ctx) => {
            log.add(`${text} begins`);
            await gate.pass();
            log.add(`${text} ends ${ctx.signal.aborted}`);
          }),
        ],
      });
      await register(stubborn);
      const target = agentId("stubborn", "a");
      const abort = new AbortController();
      const refusal = refusalOf(
        caller.send(target, Note({ text: "one" }), { signal: abort.signal }),
      );
      await gate.arrivals();
      const next = caller.send(target, Note({ text: "two" }));
      abort.abort();
      await refusal;
      await arrived();
      gate.open();
      await next;
      expect(log.entries).toEqual(["one begins", "one ends true", "two begins", "two ends false"]);
    },
  },
  {
    id: "cancel.many",
    promise: "One signal may cancel any number of sends, without a warning.",
    async run({ caller, register }) {
      const warnings = new Journal<string>("warnings");
      const warn = ({ name }: Error): void => {
        if (name === "MaxListenersExceededWarning") warnings.add(name);
      };
      process.on("warning", warn);
      const gate = new Gate("handlers");
      await register(sleeper(gate, new Journal<string>("signals")));
      const abort = new AbortController();
      const refusals = numbers(100).map((number) => {
        const target = agentId("sleeper", `${number}`);
        return refusalOf(caller.send(target, Note({ text: "hi" }), { signal: abort.signal }));
      });
      await gate.arrivals(100);
      abort.abort();
      for (const { code } of await Promise.all(refusals)) expect(code).toBe("CANCELLED");
      gate.open();
      process.off("warning", warn);
      expect(warnings.entries).toEqual([]);
    },
  },
];
