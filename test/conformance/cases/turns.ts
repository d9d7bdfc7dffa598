/** Turns: one at a time, in order, and many agents side by side. */
import { agentId, defineAgent } from "@agentmesh/worker-sdk";
import { expect } from "vitest";
import { Gate } from "../../support/gate.ts";
import { Journal } from "../../support/journal.ts";
import { yieldTurn } from "../../support/settling.ts";
import type { Case } from "../stage.ts";
import { Note, numbers, Say } from "../vocabulary.ts";

/** Counts how many turns run, and the most that ever did. */
class Overlap {
  most = 0;
  #running = 0;

  async during(work: Promise<void>): Promise<void> {
    this.#running++;
    this.most = Math.max(this.most, this.#running);
    await work;
    this.#running--;
  }
}

/** An agent type that waits at the gate with a note, and answers what it is told at once. */
function waiter(gate: Gate, concurrency = 1, handled = new Journal<string>("notes")) {
  return defineAgent("waiter", {
    concurrency,
    handlers: (on) => [
      on(Note, async ({ text }) => {
        await gate.pass();
        handled.add(text);
      }),
      on(Say, async ({ text }) => ({ text })),
    ],
  });
}

export const turns: readonly Case[] = [
  {
    id: "turn.one-at-a-time",
    promise: "An agent handles one message at a time.",
    async run({ caller, register }) {
      const overlap = new Overlap();
      const hermit = defineAgent("hermit", {
        handlers: (on) => [on(Note, () => overlap.during(yieldTurn()))],
      });
      await register(hermit);
      const target = agentId("hermit", "a");
      await Promise.all(
        numbers(50).map((number) => caller.send(target, Note({ text: `${number}` }))),
      );
      expect(overlap.most).toBe(1);
    },
  },
  {
    id: "turn.order-outside",
    promise: "What a runtime sends to one agent is handled in the order of sending.",
    async run({ caller, register }) {
      const handled = new Journal<string>("notes");
      const slow = defineAgent("slow", {
        handlers: (on) => [
          on(Note, async ({ text }) => {
            if (Number(text) % 3 === 0) await yieldTurn();
            handled.add(text);
          }),
        ],
      });
      await register(slow);
      const texts = numbers(200).map(String);
      await Promise.all(texts.map((text) => caller.send(agentId("slow", "a"), Note({ text }))));
      expect(handled.entries).toEqual(texts);
    },
  },
  {
    id: "turn.order-agent",
    promise: "What an agent sends to another is handled in the order of sending.",
    async run({ caller, register }) {
      const handled = new Journal<string>("notes");
      const texts = numbers(100).map(String);
      const pusher = defineAgent("pusher", {
        handlers: (on) => [
          on(Say, async ({ text }, ctx) => {
            await Promise.all(
              texts.map((each) =>
                ctx.send(agentId("taker", "a"), Note({ text: `${text}${each}` })),
              ),
            );
            return { text };
          }),
        ],
      });
      const taker = defineAgent("taker", {
        handlers: (on) => [
          on(Note, async ({ text }) => {
            await yieldTurn();
            handled.add(text);
          }),
        ],
      });
      await register(pusher);
      await register(taker);
      const pushes = ["a", "b"].map((text) => caller.send(agentId("pusher", text), Say({ text })));
      await Promise.all(pushes);
      for (const sender of ["a", "b"]) {
        const ofOne = handled.entries.filter((text) => text.startsWith(sender));
        expect(ofOne).toEqual(texts.map((text) => `${sender}${text}`));
      }
    },
  },
  {
    id: "turn.keys-parallel",
    promise: "Agents of different keys work side by side.",
    async run({ caller, register }) {
      const gate = new Gate("agents at work");
      await register(waiter(gate));
      const sends = numbers(20).map((number) =>
        caller.send(agentId("waiter", `${number}`), Note({ text: "hi" })),
      );
      await gate.arrivals(20);
      gate.open();
      await Promise.all(sends);
    },
  },
  {
    id: "turn.busy-agent",
    promise: "A busy agent holds up nobody else.",
    async run({ caller, register }) {
      const gate = new Gate("the busy agent");
      await register(waiter(gate));
      const busy = numbers(50).map(() =>
        caller.send(agentId("waiter", "busy"), Note({ text: "hi" })),
      );
      await gate.arrivals();
      await expect(caller.send(agentId("waiter", "free"), Say({ text: "now" }))).resolves.toEqual({
        text: "now",
      });
      gate.open();
      await Promise.all(busy);
    },
  },
  {
    id: "turn.concurrency",
    promise: "With `concurrency` an agent handles that many messages at a time, and no more.",
    async run({ caller, register, arrived }) {
      const gate = new Gate("turns of one agent");
      const handled = new Journal<string>("notes");
      await register(waiter(gate, 3, handled));
      const target = agentId("waiter", "a");
      const sends = numbers(5).map((number) => caller.send(target, Note({ text: `${number}` })));
      await gate.arrivals(3);
      await arrived();
      expect(gate.arrived).toBe(3);
      gate.admit();
      await gate.arrivals(4);
      expect(handled.entries).toEqual(["0"]);
      gate.open();
      await Promise.all(sends);
      expect([...handled.entries].sort()).toEqual(["0", "1", "2", "3", "4"]);
    },
  },
  {
    id: "turn.concurrency-large",
    promise: "`concurrency` may exceed the window of deliveries that an agent has by default.",
    async run({ caller, register }) {
      const gate = new Gate("turns of one agent");
      await register(waiter(gate, 40));
      const sends = numbers(40).map(() =>
        caller.send(agentId("waiter", "a"), Note({ text: "hi" })),
      );
      await gate.arrivals(40);
      gate.open();
      await Promise.all(sends);
    },
  },
  {
    id: "turn.burst",
    promise: "A burst larger than every window of a runtime is handled to the last message.",
    async run({ runtimes, register }) {
      const sender = runtimes.at(-1) ?? runtimes[0];
      const handled = new Journal<string>("notes");
      const sink = defineAgent("sink", {
        handlers: (on) => [on(Note, ({ text }) => handled.add(text))],
      });
      await register(sink);
      const texts = numbers(5_000).map(String);
      await Promise.all(texts.map((text) => sender.send(agentId("sink", "a"), Note({ text }))));
      expect(handled.entries).toEqual(texts);
    },
  },
];
