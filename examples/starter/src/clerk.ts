import { agentId, defineAgent, MeshError } from "@agentmesh/worker-sdk";
import { Order, Take } from "./messages.ts";

/** `clerk/<customer>`: asks the stock, wherever in the mesh that is, within the time that the customer gives. */
export const clerk = defineAgent("clerk", {
  handlers: (on) => [
    on(Order, async ({ item, count }, ctx) => {
      try {
        const { left } = await ctx.send(agentId("stock", item), Take({ count }));
        return { text: `${ctx.self.key}: ${count} ${item} are yours, ${left} are left` };
      } catch (error) {
        if (!(error instanceof MeshError) || error.appCode !== "OUT_OF_STOCK") throw error;
        return { text: `${ctx.self.key}: sorry, not ${count} ${item}` };
      }
    }),
  ],
});
