/** Three agents that work together: what the tests beside this file are about. */
import {
  agentId,
  defaultTopic,
  defineAgent,
  defineMessage,
  MeshError,
} from "@agentmesh/worker-sdk";
import { z } from "zod";

const Text = z.object({ text: z.string() });

export const Draft = defineMessage("newsroom.Draft", Text);
/** Asks the writer for a draft. */
export const Write = defineMessage("newsroom.Write", Text, { reply: Draft });
/** Asks the editor for an article. */
export const Order = defineMessage("newsroom.Order", Text, { reply: Draft });
/** Tells everybody that an article is out. */
export const Published = defineMessage("newsroom.Published", Text);

export const writer = defineAgent("writer", {
  handlers: (on) => [on(Write, ({ text }) => ({ text: `All about ${text}` }))],
});

/** Asks the writer of the same name, twice when it must, and tells everybody. */
export const editor = defineAgent("editor", {
  handlers: (on) => [
    on(Order, async (order, ctx) => {
      const ask = () =>
        ctx.send(agentId("writer", ctx.self.key), Write(order), { timeoutMs: 10_000 });
      const draft = await ask().catch((error: unknown) => {
        if (error instanceof MeshError && error.code === "DEADLINE_EXCEEDED") return ask();
        throw error;
      });
      await ctx.publish(defaultTopic(ctx.self.key), Published(draft));
      return draft;
    }),
  ],
});

/** Counts the articles. */
export const reader = defineAgent("reader", {
  state: { initial: () => ({ read: [] as string[] }) },
  idleMs: 60_000,
  defaultSubscription: true,
  handlers: (on) => [on(Published, ({ text }, { state }) => void state.read.push(text))],
});
