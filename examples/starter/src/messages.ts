import { defineMessage } from "@agentmesh/worker-sdk";
import { z } from "zod";

const Count = z.number().int().positive();

/** What is left of an item. */
export const Left = defineMessage("shop.Left", z.object({ left: z.number().int() }));

/** To `stock/<item>`: take some of it away. Fails with the code `OUT_OF_STOCK`. */
export const Take = defineMessage("shop.Take", z.object({ count: Count }), { reply: Left });

/** What a customer is told. */
export const Answer = defineMessage("shop.Answer", z.object({ text: z.string() }));

/** To `clerk/<customer>`: an order. */
export const Order = defineMessage("shop.Order", z.object({ item: z.string(), count: Count }), {
  reply: Answer,
});
