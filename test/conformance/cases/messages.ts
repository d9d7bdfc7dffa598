/** Messages: what senders give, what handlers get, and what comes back. */
import { AgentIdMessage, ContentMessage } from "@agentmesh/proto/agentmesh/v1";
import { agentId, anyKey, defineAgent, defineMessage, topicId } from "@agentmesh/worker-sdk";
import { expect } from "vitest";
import { z } from "zod";
import { Gate } from "../../support/gate.ts";
import { Journal } from "../../support/journal.ts";
import { refusalOf } from "../../support/settling.ts";
import { reached } from "../journals.ts";
import type { Case } from "../stage.ts";
import { Note, numbers, Say } from "../vocabulary.ts";

const Sum = defineMessage("calc.Sum", z.object({ value: z.number() }));
const Add = defineMessage("calc.Add", z.object({ left: z.number(), right: z.number() }), {
  reply: Sum,
});
const calculator = defineAgent("calculator", {
  handlers: (on) => [on(Add, async ({ left, right }) => ({ value: left + right }))],
});

const Day = z.string().transform((text) => new Date(text));
const Until = defineMessage("calendar.Until", z.object({ until: Day }));
const Span = defineMessage("calendar.Span", z.object({ from: Day, days: z.number().default(7) }), {
  reply: Until,
});

const Bag = defineMessage("bag.Bag", z.object({ items: z.array(z.string()) }));
const Put = defineMessage("bag.Put", z.object({ items: z.array(z.string()) }), { reply: Bag });
const Look = defineMessage("bag.Look", z.object({}), { reply: Bag });

const Inventory = defineMessage("agentmesh.v1.Content", ContentMessage);
const Inspect = defineMessage("agentmesh.v1.AgentId", AgentIdMessage, { reply: Inventory });

export const messages: readonly Case[] = [
  {
    id: "send.reply",
    promise: "A send resolves to the typed reply of its handler.",
    async run({ caller, register }) {
      await register(calculator);
      const sum = await caller.send(agentId("calculator", "a"), Add({ left: 40, right: 2 }));
      expect(sum.value).toBe(42);
    },
  },
  {
    id: "send.sync-handler",
    promise: "A handler that returns a value instead of a promise replies with it.",
    async run({ caller, register }) {
      await register(
        defineAgent("echo", { handlers: (on) => [on(Say, ({ text }) => ({ text }))] }),
      );
      await expect(caller.send(agentId("echo", "a"), Say({ text: "hi" }))).resolves.toEqual({
        text: "hi",
      });
    },
  },
  {
    id: "send.any-key",
    promise: "A send to any key of a type reaches some agent of it.",
    async run({ caller, register }) {
      await register(calculator);
      const sums = numbers(20).map((left) =>
        caller.send(anyKey("calculator"), Add({ left, right: 1 })),
      );
      expect((await Promise.all(sums)).map(({ value }) => value - 1)).toEqual(numbers(20));
      const error = await refusalOf(caller.send(anyKey("nobody"), Say({ text: "hi" })));
      expect(error).toMatchObject({ code: "AGENT_TYPE_UNKNOWN", outcome: "not-executed" });
    },
  },
  {
    id: "send.void",
    promise: "A send without reply resolves to undefined when its handler has returned.",
    async run({ caller, register }) {
      const gate = new Gate("the handler");
      const done = new Journal<string>("handlers that returned");
      const scribe = defineAgent("scribe", {
        handlers: (on) => [
          on(Note, async ({ text }) => {
            await gate.pass();
            done.add(text);
          }),
        ],
      });
      await register(scribe);
      const sent = caller
        .send(agentId("scribe", "a"), Note({ text: "milk" }))
        .then((reply) => [reply, ...done.entries]);
      await gate.arrivals();
      gate.open();
      expect(await sent).toEqual([undefined, "milk"]);
    },
  },
  {
    id: "message.transform",
    promise:
      "Senders give the input of a schema, receivers get its output, for messages and replies alike.",
    async run({ caller, register }) {
      const calendar = defineAgent("calendar", {
        handlers: (on) => [
          on(Span, async ({ from, days }) => {
            const until = new Date(from);
            until.setUTCDate(from.getUTCDate() + days);
            return { until: until.toISOString() };
          }),
        ],
      });
      await register(calendar);
      const { until } = await caller.send(agentId("calendar", "a"), Span({ from: "2027-01-01" }));
      expect(until).toEqual(new Date("2027-01-08"));
    },
  },
  {
    id: "message.protobuf",
    promise: "Types that ts-proto generated travel as protobuf, as messages and as replies.",
    async run({ caller, register }) {
      const inspector = defineAgent("inspector", {
        handlers: (on) => [
          on(Inspect, async ({ type, key }) => ({
            messageType: type,
            contentType: "",
            data: Buffer.from([0, 255, ...Buffer.from(key)]),
            traceparent: "",
            tracestate: "",
            metadata: { colour: "grün" },
            messageId: "",
          })),
        ],
      });
      await register(inspector);
      const content = await caller.send(
        agentId("inspector", "a"),
        Inspect({ type: "crate", key: "7" }),
      );
      expect(content.messageType).toBe("crate");
      expect([...content.data]).toEqual([0, 255, 55]);
      expect(content.metadata).toEqual({ colour: "grün" });
    },
  },
  {
    id: "message.copies",
    promise: "Nothing is shared by reference: what one side changes, the other does not see.",
    async run({ caller, register }) {
      const keeper = defineAgent("keeper", {
        state: { initial: () => ({ items: [] as string[] }) },
        handlers: (on) => [
          on(Put, async ({ items }, ctx) => {
            items.push("label");
            ctx.state.items = items;
            return { items };
          }),
          on(Look, async (_, ctx) => ({ items: ctx.state.items })),
        ],
      });
      await register(keeper);
      const given = { items: ["apple"] };
      const got = await caller.send(agentId("keeper", "a"), Put(given));
      expect(given.items).toEqual(["apple"]);
      got.items.push("worm");
      given.items.push("stone");
      await expect(caller.send(agentId("keeper", "a"), Look({}))).resolves.toEqual({
        items: ["apple", "label"],
      });
    },
  },
  {
    id: "message.event-copies",
    promise: "Every receiver of an event gets a copy of its own.",
    async run({ caller, register }) {
      const seen = new Journal<readonly string[]>("bags");
      for (const type of ["left", "right"]) {
        const spoiler = defineAgent(type, {
          subscriptions: ["bags"],
          handlers: (on) => [
            on(Bag, async ({ items }) => {
              seen.add([...items]);
              items.length = 0;
            }),
          ],
        });
        await register(spoiler);
      }
      await caller.publish(topicId("bags"), Bag({ items: ["apple"] }));
      expect(await reached(seen, 2)).toEqual([["apple"], ["apple"]]);
    },
  },
];
