/** The one kind of agent of the fault runs: writes down when its turns begin and end. */
import { existsSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import {
  type AgentContext,
  type AgentDefinition,
  AppError,
  agentId,
  defineAgent,
} from "@agentmesh/worker-sdk";
import type { TurnLine, TurnWriter } from "../turns.ts";
import { CountUp, Happened, Task } from "./messages.ts";
import type { WorkerTask } from "./protocol.ts";

type ScribeOptions = Pick<WorkerTask, "maxTurnMs" | "cure">;

/** Agents of this type write to this journal. */
export function scribe(
  type: string,
  journal: TurnWriter,
  { maxTurnMs, cure }: ScribeOptions = {},
): AgentDefinition<undefined> {
  return defineAgent(type, {
    ...(maxTurnMs === undefined ? {} : { maxTurnMs }),
    handlers: (on) => [
      on(Task, async ({ id, takesMs, asks, isRefused }, ctx) => {
        journal.write(lineOf("began", id, ctx));
        await work(takesMs, ctx.signal);
        if (isRefused) throw new AppError("REFUSED", "as it was told to");
        if (asks !== undefined)
          await ctx.send(agentId(type, asks), Task({ id: `${id}/nested`, takesMs }));
        journal.write(lineOf("ended", id, ctx));
        return { id };
      }),
      on(Happened, async ({ id, takesMs, effect }, ctx) => {
        journal.write(lineOf("began", id, ctx));
        await work(takesMs, ctx.signal);
        if (effect === "kill") process.kill(process.pid, "SIGKILL");
        const isSick = effect === "ail" && (cure === undefined || !existsSync(cure));
        if (effect === "fail" || isSick) throw new Error("as it was told to");
        // Deaf: it does not stop when it is told to either.
        if (effect === "hang") await new Promise(() => undefined);
        journal.write(lineOf("ended", id, ctx));
      }),
      on(CountUp, async function* ({ upTo }) {
        for (let number = 1; number <= upTo; number++) yield { number };
      }),
    ],
  });
}

/** Takes its time, unless it is told to stop. */
async function work(takesMs: number, signal: AbortSignal): Promise<void> {
  if (takesMs > 0) await pause(takesMs, undefined, { signal });
}

function lineOf(
  at: TurnLine["at"],
  id: string,
  { self, activation, attempt, resent }: AgentContext<undefined>,
): TurnLine {
  return { at, id, agent: self.text, activation, attempt, resent };
}
