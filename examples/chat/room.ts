import { carries, defineAgent, drop, type Interceptor } from "@agentmesh/worker-sdk";
import { History, Line, type LineContent } from "./messages.ts";

/** Remembers what was said in it: the room of each key hears the topic `chat/key`. */
export const room = defineAgent("room", {
  subscriptions: ["chat"],
  state: { initial: () => ({ lines: [] as LineContent[] }) },
  handlers: (on) => [
    on(Line, (line, ctx) => void ctx.state.lines.push(line)),
    on(History, ({ most }, ctx) => ({ lines: ctx.state.lines.slice(-most) })),
  ],
});

/** Keeps advertisements out and manners up, whoever publishes. */
export const moderator: Interceptor = {
  publish(event) {
    if (!carries(event, Line)) return;
    const { author, text } = event.body;
    if (text.includes("buy now")) return drop("no advertisements");
    if (text === text.toUpperCase())
      return { ...event, body: { author, text: text.toLowerCase() } };
  },
};
