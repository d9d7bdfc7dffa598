/** Streams of replies: what the reader gets, and how they end. */
import { AppError, agentId, defineAgent, defineMessage, stream } from "@agentmesh/worker-sdk";
import { expect } from "vitest";
import { z } from "zod";
import { Gate } from "../../support/gate.ts";
import { Journal } from "../../support/journal.ts";
import { aborted, collect, refusalOf } from "../../support/settling.ts";
import { reached } from "../journals.ts";
import type { Case } from "../stage.ts";
import { Note, numbers, Piece, Recite, Say } from "../vocabulary.ts";

/** An agent type that recites numbers and answers what it is told. */
function reciter(left = new Journal<string>("generators")) {
  return defineAgent("reciter", {
    handlers: (on) => [
      on(Recite, async function* ({ count }, ctx) {
        try {
          for (let index = 0; index < count; index++) yield { index };
          left.add("finished");
        } finally {
          left.add(ctx.self.key);
        }
      }),
      on(Say, async (say) => say),
    ],
  });
}

export const streams: readonly Case[] = [
  {
    id: "stream.order",
    promise: "A stream yields all replies in their order, and ends when the generator does.",
    async run({ caller, register }) {
      const left = new Journal<string>("generators");
      await register(reciter(left));
      const pieces = await collect(caller.stream(agentId("reciter", "a"), Recite({ count: 500 })));
      expect(pieces).toEqual(numbers(500).map((index) => ({ index })));
      expect(left.entries).toEqual(["finished", "a"]);
    },
  },
  {
    id: "stream.empty",
    promise: "A stream may be empty.",
    async run({ caller, register }) {
      await register(reciter());
      const pieces = caller.stream(agentId("reciter", "a"), Recite({ count: 0 }));
      await expect(collect(pieces)).resolves.toEqual([]);
    },
  },
  {
    id: "stream.transform",
    promise: "Handlers yield the input of the schema, readers get its output.",
    async run({ caller, register }) {
      const Moment = defineMessage(
        "time.Moment",
        z.string().transform((text) => new Date(text)),
      );
      const Watch = defineMessage("time.Watch", z.object({}), { reply: stream(Moment) });
      const timer = defineAgent("timer", {
        handlers: (on) => [
          on(Watch, async function* () {
            yield "2027-01-01T00:00:00Z";
          }),
        ],
      });
      await register(timer);
      const moments = await collect(caller.stream(agentId("timer", "a"), Watch({})));
      expect(moments).toEqual([new Date(Date.UTC(2027, 0, 1))]);
    },
  },
  {
    id: "stream.lazy",
    promise: "Nothing is sent before a stream is read.",
    async run({ caller, register, quiet, runtimes }) {
      await register(reciter());
      caller.stream(agentId("reciter", "a"), Recite({ count: 3 }));
      await caller.send(agentId("reciter", "b"), Say({ text: "hi" }));
      await quiet();
      const deliveries = runtimes.map(({ counters }) => counters.deliveries);
      expect(deliveries.reduce((sum, count) => sum + count)).toBe(1);
    },
  },
  {
    id: "stream.break",
    promise: "Leaving the loop early runs the generator's finally and frees the agent.",
    async run({ caller, register }) {
      const left = new Journal<string>("generators");
      await register(reciter(left));
      const target = agentId("reciter", "a");
      for await (const { index } of caller.stream(target, Recite({ count: 1_000_000 }))) {
        if (index === 100) break;
      }
      expect(await reached(left, 1)).toEqual(["a"]);
      await expect(caller.send(target, Say({ text: "hi" }))).resolves.toEqual({ text: "hi" });
    },
  },
  {
    id: "stream.break-signal",
    promise: "Leaving the loop early fires the signal of a generator that is busy.",
    async run({ caller, register }) {
      const log = new Journal<string>("signals");
      const busy = defineAgent("busy", {
        handlers: (on) => [
          on(Recite, async function* (_, ctx) {
            try {
              yield { index: 0 };
              await aborted(ctx.signal);
              log.add(String(ctx.signal.reason.code));
            } finally {
              log.add("left");
            }
          }),
        ],
      });
      await register(busy);
      const iterator = caller
        .stream(agentId("busy", "a"), Recite({ count: 1 }))
        [Symbol.asyncIterator]();
      await iterator.next();
      await iterator.return?.();
      expect(await reached(log, 2)).toEqual(["CANCELLED", "left"]);
    },
  },
  {
    id: "stream.error",
    promise: "An error in the middle comes after the replies that were given before.",
    async run({ caller, register }) {
      const unlucky = defineAgent("unlucky", {
        handlers: (on) => [
          on(Recite, async function* ({ count }) {
            for (let index = 0; index < count; index++) yield { index };
            throw new AppError("LOST_MY_PLACE", "where was I?", { after: count });
          }),
        ],
      });
      await register(unlucky);
      const got: number[] = [];
      const read = async (): Promise<void> => {
        const pieces = caller.stream(agentId("unlucky", "a"), Recite({ count: 10 }));
        for await (const { index } of pieces) got.push(index);
      };
      const error = await refusalOf(read());
      expect(error).toMatchObject({ code: "APPLICATION", appCode: "LOST_MY_PLACE" });
      expect(error).toMatchObject({ outcome: "executed", details: { after: 10 } });
      expect(got).toEqual(numbers(10));
    },
  },
  {
    id: "stream.invalid-reply",
    promise: "A reply that does not fit its schema ends the stream, and the generator.",
    async run({ caller, register }) {
      const left = new Journal<string>("generators");
      const liar = defineAgent("liar", {
        handlers: (on) => [
          on(Recite, async function* () {
            try {
              yield { index: 0 };
              yield JSON.parse('{ "index": "one" }');
              yield { index: 2 };
            } finally {
              left.add("left");
            }
          }),
        ],
      });
      await register(liar);
      const iterator = caller
        .stream(agentId("liar", "a"), Recite({ count: 3 }))
        [Symbol.asyncIterator]();
      expect(await iterator.next()).toMatchObject({ value: { index: 0 } });
      const error = await refusalOf(iterator.next());
      expect(error).toMatchObject({ code: "HANDLER_FAILED", outcome: "executed" });
      expect(await reached(left, 1)).toEqual(["left"]);
    },
  },
  {
    id: "stream.refused",
    promise: "A stream that cannot begin fails when it is read.",
    async run({ caller, register }) {
      await register(reciter());
      const unknown = caller.stream(agentId("nobody", "a"), Recite({ count: 1 }));
      expect(await refusalOf(collect(unknown))).toMatchObject({
        code: "AGENT_TYPE_UNKNOWN",
        outcome: "not-executed",
      });
      const wrong = Recite(JSON.parse('{ "count": "many" }'));
      const invalid = await refusalOf(collect(caller.stream(agentId("reciter", "a"), wrong)));
      expect(invalid).toMatchObject({ code: "PAYLOAD_INVALID", outcome: "not-executed" });
    },
  },
  {
    id: "stream.mismatch",
    promise: "Sender and handler must agree on whether one reply is expected or a stream.",
    async run({ caller, register }) {
      const ReciteOnce = defineMessage("talk.Recite", z.object({ count: z.number() }), {
        reply: Piece,
      });
      const SayOften = defineMessage("talk.Say", z.object({ text: z.string() }), {
        reply: stream(Piece),
      });
      await register(reciter());
      const target = agentId("reciter", "a");
      const once = await refusalOf(caller.send(target, ReciteOnce({ count: 1 })));
      expect(once).toMatchObject({ code: "INVALID_ARGUMENT", outcome: "not-executed" });
      const often = await refusalOf(collect(caller.stream(target, SayOften({ text: "hi" }))));
      expect(often).toMatchObject({ code: "INVALID_ARGUMENT", outcome: "not-executed" });
    },
  },
  {
    id: "stream.concurrent",
    promise: "Many streams run at the same time and do not mix.",
    async run({ caller, register }) {
      const gate = new Gate("generators");
      const choir = defineAgent("choir", {
        concurrency: 2,
        handlers: (on) => [
          on(Recite, async function* ({ count }) {
            await gate.pass();
            for (let index = 0; index < 100; index++) yield { index: count * 1_000 + index };
          }),
        ],
      });
      await register(choir);
      const voices = numbers(10).map((number) => {
        const target = agentId("choir", `${number % 5}`);
        return collect(caller.stream(target, Recite({ count: number })));
      });
      await gate.arrivals(10);
      gate.open();
      for (const [number, pieces] of (await Promise.all(voices)).entries()) {
        expect(pieces).toEqual(numbers(100).map((index) => ({ index: number * 1_000 + index })));
      }
    },
  },
  {
    id: "stream.turn",
    promise: "A stream is one turn: the agent handles nothing else until it has ended.",
    async run({ caller, register }) {
      const log = new Journal<string>("events");
      const singer = defineAgent("singer", {
        handlers: (on) => [
          on(Recite, async function* () {
            yield { index: 0 };
            log.add("the song ends");
          }),
          on(Note, ({ text }) => log.add(text)),
        ],
      });
      await register(singer);
      const target = agentId("singer", "a");
      const gate = new Gate("the reader");
      const read = async (): Promise<void> => {
        for await (const _ of caller.stream(target, Recite({ count: 1 }))) await gate.pass();
      };
      const reading = read();
      const note = caller.send(target, Note({ text: "a note" }));
      gate.open();
      await Promise.all([reading, note]);
      expect(log.entries).toEqual(["the song ends", "a note"]);
    },
  },
  {
    id: "stream.nested",
    promise: "An agent may read a stream in its turn, and pass it on as a stream of its own.",
    async run({ caller, register }) {
      const doubler = defineAgent("doubler", {
        handlers: (on) => [
          on(Recite, async function* (recite, ctx) {
            for await (const { index } of ctx.stream(agentId("reciter", "a"), Recite(recite))) {
              yield { index: index * 2 };
            }
          }),
        ],
      });
      await register(doubler);
      await register(reciter());
      const pieces = await collect(caller.stream(agentId("doubler", "a"), Recite({ count: 200 })));
      expect(pieces).toEqual(numbers(200).map((index) => ({ index: index * 2 })));
    },
  },
];
