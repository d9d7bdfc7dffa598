/** Everything in one runtime without a host. */

import { FakeClock } from "@agentmesh/proto/testing";
import { createLocalRuntime } from "@agentmesh/worker-sdk";
import { yieldTurn } from "../../support/settling.ts";
import { within } from "../../support/waiting.ts";
import type { Driver, Stage } from "../stage.ts";
import { placeProbes } from "./probes.ts";

export const local: Driver = { id: "local", name: "local runtime", start };

async function start(): Promise<Stage> {
  const clock = new FakeClock();
  const runtime = createLocalRuntime({ clock });
  const arrived = await placeProbes([runtime]);
  return {
    arrived,
    clock,
    caller: runtime,
    runtimes: [runtime],
    register: (definition) => runtime.register(definition),
    quiet: () => runtime.idle(),
    async advance(ms) {
      await yieldTurn();
      clock.advance(ms);
      await yieldTurn();
    },
    async deadLetters() {
      // Who asks again and again must leave others their turn.
      await yieldTurn();
      return runtime
        .deadLetters()
        .map(({ target, sender, topic, messageType, failure, attempts }) => ({
          target: target.text,
          sender: sender?.text,
          topic: topic?.toString(),
          messageType,
          code: failure.code,
          text: failure.text,
          stack: failure.stack,
          attempts,
        }));
    },
    async dispose() {
      await within(runtime.close(), () => "the runtime to close");
      // The wheel of deadlines looks once more before it stops.
      clock.advance(WHEEL_MS);
      if (clock.pending > 0) throw new Error(`${clock.pending} timers of the runtime are left`);
    },
  };
}

const WHEEL_MS = 20;
