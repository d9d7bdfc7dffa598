import { AppError, defineAgent } from "@agentmesh/worker-sdk";
import { AskDay, AskWeather } from "./messages.ts";

const TOWNS = new Set(["delphi", "thebes"]);
const HOURS = [6, 12, 18];

/** `station/<town>`: knows the weather of its town, now and by the hour. */
export const station = defineAgent("station", {
  handlers: (on) => [
    on(AskWeather, async (_ask, { self }) => {
      if (!TOWNS.has(self.key)) throw new AppError("NO_SUCH_TOWN", `nobody knows ${self.key}`);
      return { text: `sunny in ${self.key}` };
    }),
    on(AskDay, async function* () {
      for (const hour of HOURS) yield { hour, text: "sunny" };
    }),
  ],
});
