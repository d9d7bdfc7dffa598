/** What a handler knows of the message that it handles. */
import {
  type AgentContext,
  agentId,
  defaultTopic,
  defineAgent,
  topicId,
} from "@agentmesh/worker-sdk";
import { expect } from "vitest";
import { Journal } from "../../support/journal.ts";
import { reached } from "../journals.ts";
import type { Case } from "../stage.ts";
import { Note, Say } from "../vocabulary.ts";

/** What of a context is there to be seen; it is read within the turn. */
function snapshot(ctx: AgentContext<unknown>) {
  const { kind, messageId, attempt, deadline, activation } = ctx;
  return {
    self: ctx.self.toString(),
    sender: ctx.sender?.toString(),
    topic: ctx.topic?.toString(),
    metadata: { ...ctx.metadata },
    isAborted: ctx.signal.aborted,
    kind,
    messageId,
    attempt,
    deadline,
    activation,
  };
}

/** An agent type that writes down every context, and passes notes on when it is asked to. */
function witness(seen: Journal<ReturnType<typeof snapshot>>) {
  return defineAgent("witness", {
    subscriptions: ["news"],
    defaultSubscription: true,
    handlers: (on) => [
      on(Note, (_, ctx) => seen.add(snapshot(ctx))),
      on(Say, async ({ text }, ctx) => {
        await ctx.send(agentId("witness", text), Note({ text: "passed on" }));
        await ctx.publish(topicId("news", text), Note({ text: "published" }));
        return { text };
      }),
    ],
  });
}

export const contexts: readonly Case[] = [
  {
    id: "context.send",
    promise:
      "A handler knows who it is, that it was sent to, when the sender gives up, and in which presence it acts.",
    async run({ caller, clock, register }) {
      const seen = new Journal<ReturnType<typeof snapshot>>("contexts");
      await register(witness(seen));
      await caller.send(agentId("witness", "a"), Note({ text: "hi" }), { timeoutMs: 400_000 });
      const [context] = seen.entries;
      expect(context).toMatchObject({
        self: "witness/a",
        sender: undefined,
        topic: undefined,
        kind: "send",
        attempt: 1,
        metadata: {},
        isAborted: false,
      });
      const end = clock.unixMs() + 400_000;
      expect(context?.deadline).toBeLessThanOrEqual(end);
      // A client counts on its own way to the host as well.
      expect(context?.deadline).toBeGreaterThan(end - 60_000);
      expect(context?.messageId).not.toBe("");
      expect(Number.isSafeInteger(context?.activation)).toBe(true);
      expect(context?.activation).toBeGreaterThan(0);
    },
  },
  {
    id: "context.default-deadline",
    promise: "A send without timeout gets 30 seconds.",
    async run({ caller, clock, register }) {
      const seen = new Journal<ReturnType<typeof snapshot>>("contexts");
      await register(witness(seen));
      await caller.send(agentId("witness", "a"), Note({ text: "hi" }));
      expect(seen.entries).toMatchObject([{ deadline: clock.unixMs() + 30_000 }]);
    },
  },
  {
    id: "context.sender",
    promise: "A handler knows the agent that sent or published.",
    async run({ caller, register }) {
      const seen = new Journal<ReturnType<typeof snapshot>>("contexts");
      await register(witness(seen));
      await caller.send(agentId("witness", "a"), Say({ text: "b" }));
      const [sent, published] = await reached(seen, 2);
      expect(sent).toMatchObject({
        self: "witness/b",
        sender: "witness/a",
        kind: "send",
        topic: undefined,
      });
      expect(published).toMatchObject({
        self: "witness/b",
        sender: "witness/a",
        kind: "event",
        topic: "news/b",
      });
    },
  },
  {
    id: "context.event",
    promise:
      "A handler knows the topic of an event; an event has no deadline, and no sender from outside.",
    async run({ caller, register }) {
      const seen = new Journal<ReturnType<typeof snapshot>>("contexts");
      await register(witness(seen));
      await caller.publish(defaultTopic("q"), Note({ text: "hi" }));
      await reached(seen, 1);
      expect(seen.entries).toMatchObject([
        {
          self: "witness/q",
          sender: undefined,
          kind: "event",
          topic: "default/q",
          attempt: 1,
          deadline: undefined,
        },
      ]);
    },
  },
  {
    id: "context.enclosed",
    promise: "Metadata and a message id travel with sends and events.",
    async run({ caller, register }) {
      const seen = new Journal<ReturnType<typeof snapshot>>("contexts");
      await register(witness(seen));
      const enclosed = { metadata: { colour: "grün", empty: "" }, messageId: "order-7" };
      await caller.send(agentId("witness", "a"), Note({ text: "hi" }), enclosed);
      await caller.publish(topicId("news", "a"), Note({ text: "hi" }), enclosed);
      await reached(seen, 2);
      expect(seen.entries).toMatchObject([enclosed, enclosed]);
    },
  },
  {
    id: "context.message-id",
    promise: "Without an id of the sender's choice every message gets one of its own.",
    async run({ caller, register }) {
      const seen = new Journal<ReturnType<typeof snapshot>>("contexts");
      await register(witness(seen));
      const target = agentId("witness", "a");
      for (const text of ["one", "two"]) await caller.send(target, Note({ text }));
      await caller.publish(topicId("news", "a"), Note({ text: "three" }));
      await reached(seen, 3);
      expect(new Set(seen.entries.map(({ messageId }) => messageId)).size).toBe(3);
    },
  },
  {
    id: "context.activation",
    promise:
      "The fencing number stays the same while an agent is present, and no two agents share one.",
    async run({ caller, register }) {
      const seen = new Journal<ReturnType<typeof snapshot>>("contexts");
      await register(witness(seen));
      for (const key of ["a", "b", "a"])
        await caller.send(agentId("witness", key), Note({ text: "hi" }));
      const [first, second, third] = seen.entries.map(({ activation }) => activation);
      expect(third).toBe(first);
      expect(second).not.toBe(first);
    },
  },
];
