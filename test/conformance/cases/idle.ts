/** Idle agents: they go by themselves, act for the last time, and come back anew. */
import { agentId, defineAgent } from "@agentmesh/worker-sdk";
import { expect } from "vitest";
import { Gate } from "../../support/gate.ts";
import { Journal } from "../../support/journal.ts";
import { until } from "../../support/waiting.ts";
import { reached } from "../journals.ts";
import type { Case, Stage } from "../stage.ts";
import { Note, numbers, Say } from "../vocabulary.ts";

const IDLE_MS = 60_000;
/** Idle agents are looked for from time to time: they may stay an eighth longer, and what a tick takes. */
const SURELY_IDLE_MS = 80_000;

/** An agent type that counts what it hears and tells it, together with the number of its presence. */
function counter(last: (heard: number, key: string) => void | Promise<void>, idleMs = IDLE_MS) {
  return defineAgent("counter", {
    idleMs,
    state: { initial: () => ({ heard: 0 }) },
    onDeactivate: ({ heard }, { key }) => last(heard, key),
    handlers: (on) => [
      on(Say, async (_, ctx) => {
        ctx.state.heard++;
        return { text: `${ctx.state.heard} ${ctx.activation}` };
      }),
    ],
  });
}

/** @returns what the agent has heard, and the number of its presence. */
async function ask({ caller }: Stage, key = "a"): Promise<readonly [number, number]> {
  const target = agentId("counter", key);
  const { text } = await caller.send(target, Say({ text: "?" }), { timeoutMs: 3_000_000 });
  const [heard = 0, activation = 0] = text.split(" ").map(Number);
  return [heard, activation];
}

function activeAgents({ runtimes }: Stage): number {
  return runtimes.reduce((sum, runtime) => sum + runtime.activeAgents, 0);
}

export const idle: readonly Case[] = [
  {
    id: "idle.hook",
    promise: "An agent that is idle for `idleMs` acts for the last time and goes.",
    async run(stage) {
      const left = new Journal<string>("last acts");
      await stage.register(counter((heard, key) => left.add(`${key} heard ${heard}`)));
      for (const key of ["a", "b", "a"]) await ask(stage, key);
      expect(activeAgents(stage)).toBe(2);
      await stage.advance(SURELY_IDLE_MS);
      await reached(left, 2);
      expect([...left.entries].sort()).toEqual(["a heard 2", "b heard 1"]);
      expect(activeAgents(stage)).toBe(0);
    },
  },
  {
    id: "idle.anew",
    promise: "The next message makes the agent anew: a larger number, a fresh state.",
    async run(stage) {
      const left = new Journal<number>("last acts");
      await stage.register(counter((heard) => left.add(heard)));
      const numbersOfPresence: number[] = [];
      for (const round of [1, 2, 3]) {
        const [heard, activation] = await ask(stage);
        expect(heard).toBe(1);
        numbersOfPresence.push(activation);
        await stage.advance(SURELY_IDLE_MS);
        await reached(left, round);
      }
      const [first = 0, second = 0, third = 0] = numbersOfPresence;
      expect(second).toBeGreaterThan(first);
      expect(third).toBeGreaterThan(second);
    },
  },
  {
    id: "idle.used",
    promise: "An agent that is used from time to time stays.",
    async run(stage) {
      const left = new Journal<number>("last acts");
      await stage.register(counter((heard) => left.add(heard)));
      const [, first] = await ask(stage);
      for (const round of numbers(5)) {
        await stage.advance(0.8 * IDLE_MS);
        expect(await ask(stage)).toEqual([round + 2, first]);
      }
      expect(left.entries).toEqual([]);
    },
  },
  {
    id: "idle.crossing",
    promise: "A message that meets an agent that is about to go is handled, here or anew.",
    async run(stage) {
      const left = new Journal<string>("last acts");
      await stage.register(counter((heard, key) => left.add(`${key} heard ${heard}`)));
      for (const key of ["before", "after"]) {
        const [, first] = await ask(stage, key);
        const early = key === "before" ? ask(stage, key) : undefined;
        stage.clock.advance(SURELY_IDLE_MS);
        const [heard, activation] = await (early ?? ask(stage, key));
        if (activation === first) expect(heard).toBe(2);
        else {
          expect(activation).toBeGreaterThan(first);
          expect(heard).toBe(1);
          expect(left.entries).toContain(`${key} heard 1`);
        }
      }
    },
  },
  {
    id: "idle.busy",
    promise: "An agent in a turn is not idle, however long it takes.",
    async run(stage) {
      const { caller, register, advance } = stage;
      const gate = new Gate("the handler");
      const left = new Journal<string>("last acts");
      const slow = defineAgent("slow", {
        idleMs: IDLE_MS,
        maxTurnMs: 3_000_000,
        state: { initial: ({ key }) => key },
        onDeactivate: (key) => left.add(key),
        handlers: (on) => [on(Note, () => gate.pass()), on(Say, async (say) => say)],
      });
      await register(slow);
      const sent = caller.send(agentId("slow", "a"), Note({ text: "hi" }), {
        timeoutMs: 3_000_000,
      });
      await gate.arrivals();
      await advance(10 * IDLE_MS);
      await caller.send(agentId("slow", "b"), Say({ text: "hi" }));
      expect(left.entries).toEqual([]);
      gate.open();
      await sent;
      await advance(SURELY_IDLE_MS);
      await reached(left, 2);
      expect([...left.entries].sort()).toEqual(["a", "b"]);
    },
  },
  {
    id: "idle.never",
    promise: "With `idleMs` 0 an agent stays.",
    async run(stage) {
      const left = new Journal<number>("last acts");
      await stage.register(counter((heard) => left.add(heard), 0));
      const [, first] = await ask(stage);
      await stage.advance(3_000_000);
      expect(await ask(stage)).toEqual([2, first]);
      expect(left.entries).toEqual([]);
    },
  },
  {
    id: "idle.last-act-first",
    promise: "An agent begins anew only when its last act is over.",
    async run(stage) {
      const gate = new Gate("the last act");
      const log = new Journal<string>("events");
      const last = async (): Promise<void> => {
        await gate.pass();
        log.add("the last act is over");
      };
      await stage.register(counter(last));
      await ask(stage);
      await stage.advance(SURELY_IDLE_MS);
      await gate.arrivals();
      const asked = ask(stage).then(([heard]) => log.add(`it heard ${heard}`));
      // Another agent of the type need not wait.
      await ask(stage, "b");
      gate.open();
      await asked;
      expect(log.entries).toEqual(["the last act is over", "it heard 1"]);
    },
  },
  {
    id: "idle.hook-throws",
    promise: "A last act that fails harms nobody and is counted.",
    async run(stage) {
      const last = (heard: number): void | Promise<void> => {
        if (heard === 1) throw new Error("no");
        return Promise.reject(new Error("neither"));
      };
      await stage.register(counter(last));
      for (const key of ["a", "b", "b"]) await ask(stage, key);
      await stage.advance(SURELY_IDLE_MS);
      const failed = (): number =>
        stage.runtimes.reduce((sum, { counters }) => sum + counters.failedDeactivations, 0);
      await until(() => failed() === 2, "both last acts to fail");
      for (const key of ["a", "b"]) {
        const [heard] = await ask(stage, key);
        expect(heard).toBe(1);
      }
    },
  },
];
