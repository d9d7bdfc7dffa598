import { AppError, defineAgent } from "@agentmesh/worker-sdk";
import { Take } from "./messages.ts";

/** What there is of each item at the beginning. */
const SUPPLY = 10;

/** `stock/<item>`: one agent per item. It handles one message at a time, so the count needs no lock. */
export const stock = defineAgent("stock", {
  state: { initial: () => ({ left: SUPPLY }) },
  handlers: (on) => [
    on(Take, async ({ count }, ctx) => {
      const { left } = ctx.state;
      if (count > left) throw new AppError("OUT_OF_STOCK", `only ${left} are left`, { left });
      ctx.state.left -= count;
      return { left: ctx.state.left };
    }),
  ],
});
