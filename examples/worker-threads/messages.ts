import { defineMessage } from "@agentmesh/worker-sdk";
import { z } from "zod";

export const Answer = defineMessage(
  "threads.Answer",
  z.object({ primes: z.number(), thread: z.number() }),
);
export const CountPrimes = defineMessage("threads.CountPrimes", z.object({ below: z.number() }), {
  reply: Answer,
});
