import { once } from "node:events";
import { AppError, defineAgent } from "@agentmesh/worker-sdk";
import { AskDay, AskWeather, WatchWeather } from "./messages.ts";

const TOWNS = new Set(["delphi", "thebes"]);
const HOURS = [6, 12, 18];

/** `station/<town>`: knows the weather of its town. `left` is told when somebody stops watching. */
export function station(left: (town: string) => void) {
  return defineAgent("station", {
    // Who watches must not keep others from asking.
    concurrency: 10,
    handlers: (on) => [
      on(AskWeather, async (_ask, { self }) => {
        if (!TOWNS.has(self.key)) throw new AppError("NO_SUCH_TOWN", `nobody knows ${self.key}`);
        return { text: `sunny in ${self.key}` };
      }),
      on(AskDay, async function* () {
        for (const hour of HOURS) yield { hour, text: "sunny" };
      }),
      on(WatchWeather, async function* (_watch, { self, signal }) {
        yield { text: `sunny in ${self.key}` };
        // The weather does not change here: it is watched until the caller leaves.
        if (!signal.aborted) await once(signal, "abort");
        left(self.key);
      }),
    ],
  });
}
