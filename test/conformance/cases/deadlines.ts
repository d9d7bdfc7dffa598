/**
 * Deadlines: every send ends in time, and work that is late does not begin. Times are so long that only those of the
 * stage can pass.
 */
import { agentId, defineAgent } from "@agentmesh/worker-sdk";
import { expect } from "vitest";
import { Gate } from "../../support/gate.ts";
import { Journal } from "../../support/journal.ts";
import { aborted, refusalOf } from "../../support/settling.ts";
import { reached } from "../journals.ts";
import type { Case } from "../stage.ts";
import { Note, numbers, Say } from "../vocabulary.ts";

/** An agent type that comes to the gate with a note. */
function waiter(gate: Gate, handled: Journal<string>) {
  return defineAgent("waiter", {
    handlers: (on) => [
      on(Note, async ({ text }) => {
        await gate.pass();
        handled.add(text);
      }),
    ],
  });
}

/** An agent type that does nothing but wait for its signal, and writes down why it fired. */
function sleeper(type: string, gate: Gate, reasons: Journal<unknown>) {
  return defineAgent(type, {
    handlers: (on) => [
      on(Say, async ({ text }, ctx) => {
        await gate.pass();
        await aborted(ctx.signal);
        reasons.add(ctx.signal.reason);
        return { text };
      }),
    ],
  });
}

export const deadlines: readonly Case[] = [
  {
    id: "deadline.handler",
    promise: "A send whose handler is too slow fails in time, and the handler's signal fires.",
    async run({ caller, register, advance }) {
      const gate = new Gate("the handler");
      const reasons = new Journal<unknown>("signals");
      await register(sleeper("sleeper", gate, reasons));
      gate.open();
      const call = caller.send(agentId("sleeper", "a"), Say({ text: "hi" }), {
        timeoutMs: 100_000,
      });
      const refusal = refusalOf(call);
      await gate.arrivals();
      await advance(99_900);
      expect(reasons.entries).toEqual([]);
      await advance(120);
      const expected = { code: "DEADLINE_EXCEEDED", outcome: "unknown", retryable: false };
      expect(await refusal).toMatchObject(expected);
      expect(await reached(reasons, 1)).toMatchObject([{ code: "DEADLINE_EXCEEDED" }]);
    },
  },
  {
    id: "deadline.default",
    promise: "A send without timeout fails after 30 seconds.",
    async run({ caller, register, advance }) {
      const gate = new Gate("the handler");
      const handled = new Journal<string>("notes");
      await register(waiter(gate, handled));
      const refusal = refusalOf(caller.send(agentId("waiter", "a"), Note({ text: "hi" })));
      await gate.arrivals();
      await advance(30_020);
      expect((await refusal).code).toBe("DEADLINE_EXCEEDED");
    },
  },
  {
    id: "deadline.reply-in-time",
    promise: "A handler that is slow but in time replies.",
    async run({ caller, register, advance }) {
      const gate = new Gate("the handler");
      await register(waiter(gate, new Journal<string>("notes")));
      const sent = caller.send(agentId("waiter", "a"), Note({ text: "hi" }), {
        timeoutMs: 100_000,
      });
      await gate.arrivals();
      await advance(90_000);
      gate.open();
      await expect(sent).resolves.toBeUndefined();
      await advance(100_000);
    },
  },
  {
    id: "deadline.nested",
    promise: "A nested send gets what is left of the time of its turn, also when it asks for more.",
    async run({ caller, clock, register, advance }) {
      const gate = new Gate("the outer handler");
      const seen = new Journal<number | undefined>("deadlines");
      const outer = defineAgent("outer", {
        handlers: (on) => [
          on(Say, async (say, ctx) => {
            seen.add(ctx.deadline);
            await gate.pass();
            return ctx.send(agentId("inner", "a"), Say(say), { timeoutMs: 600_000 });
          }),
        ],
      });
      const inner = defineAgent("inner", {
        handlers: (on) => [
          on(Say, async (say, ctx) => {
            seen.add(ctx.deadline);
            return say;
          }),
        ],
      });
      await register(outer);
      await register(inner);
      const end = clock.unixMs() + 100_000;
      const sent = caller.send(agentId("outer", "a"), Say({ text: "hi" }), { timeoutMs: 100_000 });
      await gate.arrivals();
      await advance(40_000);
      gate.open();
      await sent;
      const [outerEnd = 0, innerEnd] = seen.entries;
      expect(innerEnd).toBe(outerEnd);
      // A client counts on its own way to the host as well.
      expect(outerEnd).toBeLessThanOrEqual(end);
      expect(outerEnd).toBeGreaterThan(end - 60_000);
    },
  },
  {
    id: "deadline.nested-shorter",
    promise: "A nested send may have less time than its turn, which goes on when it fails.",
    async run({ caller, register, advance }) {
      const gate = new Gate("the inner handler");
      const reasons = new Journal<unknown>("signals");
      const outer = defineAgent("outer", {
        handlers: (on) => [
          on(Say, async (say, ctx) => {
            const call = ctx.send(agentId("sleeper", "a"), Say(say), { timeoutMs: 50_000 });
            const { code } = await refusalOf(call);
            return { text: `${code} ${ctx.signal.aborted}` };
          }),
        ],
      });
      await register(outer);
      await register(sleeper("sleeper", gate, reasons));
      gate.open();
      const sent = caller.send(agentId("outer", "a"), Say({ text: "hi" }), { timeoutMs: 500_000 });
      await gate.arrivals();
      await advance(50_020);
      await expect(sent).resolves.toEqual({ text: "DEADLINE_EXCEEDED false" });
      await reached(reasons, 1);
    },
  },
  {
    id: "deadline.nested-signal",
    promise: "When the time of a chain is over, the signals of all its handlers fire.",
    async run({ caller, register, advance }) {
      const gate = new Gate("the inner handler");
      const reasons = new Journal<unknown>("signals");
      const outer = defineAgent("outer", {
        handlers: (on) => [
          on(Say, async (say, ctx) => {
            const nested = refusalOf(ctx.send(agentId("sleeper", "a"), Say(say)));
            await aborted(ctx.signal);
            reasons.add(ctx.signal.reason);
            return { text: (await nested).code };
          }),
        ],
      });
      await register(outer);
      await register(sleeper("sleeper", gate, reasons));
      gate.open();
      const call = caller.send(agentId("outer", "a"), Say({ text: "hi" }), { timeoutMs: 100_000 });
      const refusal = refusalOf(call);
      await gate.arrivals();
      await advance(100_020);
      expect((await refusal).code).toBe("DEADLINE_EXCEEDED");
      await reached(reasons, 2);
    },
  },
  {
    id: "deadline.nested-late",
    promise: "A send of a turn whose time is over fails at once and is not executed.",
    async run({ caller, register, advance }) {
      const gate = new Gate("the outer handler");
      const handled = new Journal<string>("notes");
      const errors = new Journal<unknown>("errors");
      const outer = defineAgent("outer", {
        handlers: (on) => [
          on(Say, async (say, ctx) => {
            await gate.pass();
            errors.add(await refusalOf(ctx.send(agentId("waiter", "a"), Note(say))));
            return say;
          }),
        ],
      });
      await register(outer);
      await register(waiter(gate, handled));
      const call = caller.send(agentId("outer", "a"), Say({ text: "hi" }), { timeoutMs: 100_000 });
      const refusal = refusalOf(call);
      await gate.arrivals();
      await advance(100_020);
      await refusal;
      gate.open();
      const expected = { code: "DEADLINE_EXCEEDED", outcome: "not-executed" };
      expect(await reached(errors, 1)).toMatchObject([expected]);
      expect(handled.entries).toEqual([]);
    },
  },
  {
    id: "deadline.never-starts",
    promise: "Work whose time is over does not start, wherever it waits.",
    async run({ caller, register, advance, arrived }) {
      const gate = new Gate("handlers");
      const handled = new Journal<string>("notes");
      await register(waiter(gate, handled));
      const target = agentId("waiter", "a");
      const first = caller.send(target, Note({ text: "first" }), { timeoutMs: 600_000 });
      // More than an agent is given at a time: some wait at the worker, some before it.
      const late = numbers(40).map((number) =>
        refusalOf(caller.send(target, Note({ text: `late ${number}` }), { timeoutMs: 50_000 })),
      );
      await gate.arrivals();
      await arrived();
      await advance(50_020);
      for (const { code } of await Promise.all(late)) expect(code).toBe("DEADLINE_EXCEEDED");
      await arrived();
      gate.open();
      await first;
      await caller.send(target, Note({ text: "last" }));
      expect(handled.entries).toEqual(["first", "last"]);
    },
  },
  {
    id: "deadline.free-too-late",
    promise: "Work does not start when its agent becomes free just after its time was over.",
    async run({ caller, clock, register, advance, arrived }) {
      const gate = new Gate("the handler");
      const handled = new Journal<string>("notes");
      const punctual = defineAgent("punctual", {
        handlers: (on) => [
          on(Say, async (say) => {
            await Promise.all([
              gate.pass(),
              new Promise<void>((resolve) => clock.after(50_020, resolve)),
            ]);
            return say;
          }),
          on(Note, ({ text }) => handled.add(text)),
        ],
      });
      await register(punctual);
      const target = agentId("punctual", "a");
      const first = caller.send(target, Say({ text: "first" }), { timeoutMs: 600_000 });
      await gate.arrivals();
      gate.open();
      const late = caller.send(target, Note({ text: "late" }), { timeoutMs: 50_000 });
      const refusal = refusalOf(late);
      await arrived();
      // In one go: nobody has had the time to take the late one back.
      await advance(50_020);
      expect((await refusal).code).toBe("DEADLINE_EXCEEDED");
      await first;
      await caller.send(target, Note({ text: "last" }));
      expect(handled.entries).toEqual(["last"]);
    },
  },
];
