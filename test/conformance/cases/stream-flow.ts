/** Streams of replies: who slows down whom, and what time does to them. */
import { DEFAULTS } from "@agentmesh/proto";
import { agentId, defineAgent, defineMessage, stream } from "@agentmesh/worker-sdk";
import { expect } from "vitest";
import { z } from "zod";
import { Gate } from "../../support/gate.ts";
import { Journal } from "../../support/journal.ts";
import { aborted, collect, refusalOf } from "../../support/settling.ts";
import { until } from "../../support/waiting.ts";
import { reached } from "../journals.ts";
import type { Case } from "../stage.ts";
import { numbers, Recite, Say } from "../vocabulary.ts";

/** An agent type that recites as fast as it may; `produced` counts what it has given, over all streams. */
function counting(produced: { count: number }) {
  return defineAgent("reciter", {
    handlers: (on) => [
      on(Recite, async function* ({ count }) {
        for (let index = 0; index < count; index++) {
          produced.count++;
          yield { index };
        }
      }),
    ],
  });
}

/** An agent type that comes to the gate before each piece. */
function gated(gate: Gate, reasons = new Journal<unknown>("signals")) {
  return defineAgent("gated", {
    handlers: (on) => [
      on(Recite, async function* ({ count }, ctx) {
        ctx.signal.addEventListener("abort", () => reasons.add(ctx.signal.reason));
        for (let index = 0; index < count; index++) {
          await Promise.race([gate.pass(), aborted(ctx.signal)]);
          yield { index };
        }
      }),
    ],
  });
}

const Page = defineMessage("print.Page", z.object({ ink: z.string() }));
const Print = defineMessage(
  "print.Print",
  z.object({ pages: z.number(), kib: z.number().default(64) }),
  { reply: stream(Page) },
);

const WINDOW = DEFAULTS.streamChunks;
/** The windows of gRPC count for clients, on both ends. */
const MOST_BUFFERED_KIB = 40 * 1024;

export const streamFlow: readonly Case[] = [
  {
    id: "stream.window",
    promise: "A slow reader stops the generator within the window, and loses nothing.",
    async run({ runtimes, register, arrived }) {
      const reader = runtimes.at(-1) ?? runtimes[0];
      const produced = { count: 0 };
      await register(counting(produced));
      const pieces = reader.stream(agentId("reciter", "a"), Recite({ count: 300 }));
      const iterator = pieces[Symbol.asyncIterator]();
      await iterator.next();
      await until(() => produced.count >= WINDOW, "a full window");
      let taken = 1;
      for (let step = await iterator.next(); step.done !== true; step = await iterator.next()) {
        expect(step.value.index).toBe(taken);
        taken++;
        // Whatever the generator may still do, it has had the time for.
        await arrived();
        expect(produced.count).toBeLessThanOrEqual(taken + WINDOW);
      }
      expect(taken).toBe(300);
    },
  },
  {
    id: "stream.window-bytes",
    promise: "The window counts bytes too; a reply larger than all of it gets through.",
    async run({ runtimes, register, arrived }) {
      const reader = runtimes.at(-1) ?? runtimes[0];
      let printed = 0;
      const printer = defineAgent("printer", {
        handlers: (on) => [
          on(Print, async function* ({ pages, kib }) {
            for (printed = 0; printed < pages; ) {
              printed++;
              yield { ink: "x".repeat(kib * 1024) };
            }
          }),
        ],
      });
      await register(printer);
      for (const [kib, most] of [
        [100, 3],
        [600, 1],
      ] as const) {
        const pages = reader.stream(agentId("printer", "a"), Print({ pages: 12, kib }));
        const iterator = pages[Symbol.asyncIterator]();
        const lengths: number[] = [];
        for (let step = await iterator.next(); step.done !== true; step = await iterator.next()) {
          lengths.push(step.value.ink.length);
          await arrived();
          // What the window holds, the one that exceeds it, and those that were taken.
          expect(printed).toBeLessThanOrEqual(lengths.length + most);
        }
        expect(lengths).toEqual(numbers(12).map(() => kib * 1024));
      }
    },
  },
  {
    id: "stream.bounded",
    promise: "A reader that stopped reading does not fill anyone's memory.",
    async run({ caller, register, arrived }) {
      let kib = 0;
      const printer = defineAgent("printer", {
        handlers: (on) => [
          on(Print, async function* ({ pages }) {
            for (let page = 0; page < pages; page++) {
              kib += 64;
              yield { ink: "x".repeat(64 * 1024) };
            }
          }),
        ],
      });
      await register(printer);
      const pages = caller.stream(agentId("printer", "a"), Print({ pages: 4_000 }));
      const iterator = pages[Symbol.asyncIterator]();
      await iterator.next();
      // It has stopped when nothing more comes while others send and get replies.
      for (let before = -1, calm = 0; calm < 20; calm = kib === before ? calm + 1 : 0) {
        before = kib;
        await arrived();
        expect(kib).toBeLessThan(MOST_BUFFERED_KIB);
      }
      await iterator.return?.();
    },
  },
  {
    id: "stream.nested-flow",
    promise: "A slow reader slows down a whole chain of streams.",
    async run({ runtimes, register, arrived }) {
      const reader = runtimes.at(-1) ?? runtimes[0];
      const produced = { count: 0 };
      const passer = defineAgent("passer", {
        handlers: (on) => [
          on(Recite, (recite, ctx) => ctx.stream(agentId("reciter", "a"), Recite(recite))),
        ],
      });
      await register(passer);
      await register(counting(produced));
      const pieces = reader.stream(agentId("passer", "a"), Recite({ count: 10_000 }));
      const iterator = pieces[Symbol.asyncIterator]();
      for (const index of numbers(10)) {
        expect(await iterator.next()).toMatchObject({ value: { index } });
        await arrived();
        expect(produced.count).toBeLessThanOrEqual(10 + 3 * WINDOW);
      }
      await iterator.return?.();
    },
  },
  {
    id: "stream.abandoned",
    promise: "A reader that was cancelled gets CANCELLED, and the generator stops.",
    async run({ caller, register }) {
      const gate = new Gate("the generator");
      const reasons = new Journal<unknown>("signals");
      await register(gated(gate, reasons));
      const abort = new AbortController();
      const pieces = caller.stream(agentId("gated", "a"), Recite({ count: 3 }), {
        signal: abort.signal,
      });
      const refusal = refusalOf(collect(pieces));
      await gate.arrivals();
      abort.abort(new Error("changed my mind"));
      const error = await refusal;
      expect(error).toMatchObject({ code: "CANCELLED" });
      expect(error.cause).toMatchObject({ message: "changed my mind" });
      expect(await reached(reasons, 1)).toMatchObject([{ code: "CANCELLED" }]);
    },
  },
  {
    id: "stream.first-late",
    promise: "A stream whose first reply does not come in time fails, and the generator stops.",
    async run({ caller, register, advance }) {
      const gate = new Gate("the generator");
      const reasons = new Journal<unknown>("signals");
      await register(gated(gate, reasons));
      const pieces = caller.stream(agentId("gated", "a"), Recite({ count: 3 }), {
        timeoutMs: 1_000,
      });
      const refusal = refusalOf(collect(pieces));
      await gate.arrivals();
      await advance(1_020);
      expect(await refusal).toMatchObject({ code: "DEADLINE_EXCEEDED", retryable: false });
      await reached(reasons, 1);
    },
  },
  {
    id: "stream.next-late",
    promise: "The limit counts from reply to reply: a long stream may last longer than it.",
    async run({ caller, register, advance }) {
      const gate = new Gate("the generator");
      await register(gated(gate));
      const pieces = caller.stream(agentId("gated", "a"), Recite({ count: 10 }), {
        timeoutMs: 1_000,
      });
      const iterator = pieces[Symbol.asyncIterator]();
      for (const index of numbers(4)) {
        const next = iterator.next();
        await gate.arrivals(index + 1);
        await advance(800);
        gate.admit();
        expect(await next).toMatchObject({ value: { index } });
      }
      const refusal = refusalOf(iterator.next());
      await gate.arrivals(5);
      await advance(1_020);
      expect((await refusal).code).toBe("DEADLINE_EXCEEDED");
    },
  },
  {
    id: "stream.slow-reader",
    promise: "A reader that takes its time does not end its own stream.",
    async run({ caller, register, advance, arrived }) {
      const produced = { count: 0 };
      await register(counting(produced));
      const pieces = caller.stream(agentId("reciter", "a"), Recite({ count: 200 }), {
        timeoutMs: 1_000,
      });
      const iterator = pieces[Symbol.asyncIterator]();
      await iterator.next();
      await until(() => produced.count >= WINDOW, "a full window");
      await arrived();
      await advance(60_000);
      const rest: number[] = [];
      for (let step = await iterator.next(); step.done !== true; step = await iterator.next()) {
        rest.push(step.value.index);
      }
      expect(rest).toEqual(numbers(200).slice(1));
    },
  },
  {
    id: "stream.nested-time",
    promise: "A stream within a turn has a limit of its own between replies.",
    async run({ caller, register, advance }) {
      const gate = new Gate("the generator");
      const added = new Journal<number>("replies");
      const adder = defineAgent("adder", {
        handlers: (on) => [
          on(Say, async (_, ctx) => {
            let sum = 0;
            const pieces = ctx.stream(agentId("gated", "a"), Recite({ count: 4 }), {
              timeoutMs: 1_000,
            });
            for await (const { index } of pieces) {
              sum += index;
              added.add(sum);
            }
            return { text: `${sum}` };
          }),
        ],
      });
      await register(adder);
      await register(gated(gate));
      const sent = caller.send(agentId("adder", "a"), Say({ text: "go" }), { timeoutMs: 60_000 });
      for (const index of numbers(4)) {
        await gate.arrivals(index + 1);
        await advance(800);
        gate.admit();
        await reached(added, index + 1);
      }
      await expect(sent).resolves.toEqual({ text: "6" });
    },
  },
];
