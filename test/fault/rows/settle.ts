/** Workers die under sends: every send settles, and its outcome is the truth. */
import { agentId, MeshError, type Outcome, type Worker } from "@agentmesh/worker-sdk";
import { startHostProcess } from "../../support/processes.ts";
import { aborted } from "../../support/settling.ts";
import { startCaller } from "../caller.ts";
import { Count } from "../count.ts";
import { Crew } from "../crew.ts";
import { Task } from "../programs/messages.ts";
import type { Figures, Row } from "../row.ts";
import type { Stage } from "../stage.ts";
import type { Turns } from "../turns.ts";

const IN_FLIGHT = 128;
const KEYS = 64;
const WORKERS = 4;
const TIMEOUT_MS = 10_000;
/** Milliseconds after its deadline at which a send that has not settled hangs. */
const HANG_MS = 10_000;
const TYPE = "scribe";

/** How a send ended. */
type Settlement =
  | { readonly kind: "reply"; readonly id: string }
  | { readonly kind: "failed"; readonly error: MeshError }
  | { readonly kind: "hang" };

export const settle: Row = {
  id: "settle",
  title:
    "workers are killed and restarted under sends: each settles, with the outcome that is true",
  async run(stage) {
    const sends = stage.size(10_000, 2_000);
    const host = await startHostProcess();
    const hosts = Array.from({ length: WORKERS }, () => host.address);
    const crew = await Crew.start(stage, { hosts, agentType: TYPE });
    const caller = await startCaller(host.address);
    const settlements = new Map<string, Settlement>();
    const settled = new Count("settled sends");

    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < sends) {
        const id = `send-${next++}`;
        settlements.set(id, await sendOne(stage, caller, id));
        settled.add();
        if (settled.value % 1_000 === 0)
          stage.say(`${settled.value} of ${sends} sends settled, ${crew.losses} workers lost`);
      }
    };
    const all = Promise.all(Array.from({ length: IN_FLIGHT }, lane));
    while (settled.value < sends - 200) {
      await settled.grown(stage.between(60, 140));
      await crew.killOne();
    }
    await all;
    return {
      sends,
      workersKilled: crew.losses,
      ...compare(stage, settlements, await crew.turns()),
    };
  },
};

/** One send, of the kind that chance says. */
async function sendOne(stage: Stage, caller: Worker, id: string): Promise<Settlement> {
  const chance = stage.random();
  const task = {
    id,
    takesMs: stage.between(0, 20),
    isRefused: chance < 0.05,
    ...(chance > 0.9 ? { asks: keyOf(stage) } : {}),
  };
  // Some run out of time, some are called off: while they wait, while they run, and afterwards.
  const timeoutMs = chance > 0.05 && chance < 0.1 ? stage.between(1, 30) : TIMEOUT_MS;
  const signal =
    chance > 0.1 && chance < 0.15 ? { signal: AbortSignal.timeout(stage.between(0, 30)) } : {};
  const sent = caller.send(agentId(TYPE, keyOf(stage)), Task(task), { timeoutMs, ...signal }).then(
    (done): Settlement => ({ kind: "reply", id: done.id }),
    (error: unknown): Settlement => {
      if (error instanceof MeshError) return { kind: "failed", error };
      throw error;
    },
  );
  const limit = AbortSignal.timeout(timeoutMs + HANG_MS);
  const hang = aborted(limit).then((): Settlement => ({ kind: "hang" }));
  return await Promise.race([sent, hang]);
}

function keyOf(stage: Stage): string {
  return `key-${stage.between(0, KEYS - 1)}`;
}

/** Compares what callers were told with what workers did. @returns how many settled in which way. */
function compare(
  stage: Stage,
  settlements: ReadonlyMap<string, Settlement>,
  turns: Turns,
): Figures {
  const figures = { reply: 0, executed: 0, "not-executed": 0, unknown: 0, hang: 0 };
  for (const [id, settlement] of settlements) {
    const { kind, problem } = judge(id, settlement, turns);
    figures[kind]++;
    if (problem !== undefined) stage.problem(`${id} ${problem}`);
  }
  for (const id of turns.ids) {
    if (turns.begun(id) > 1) stage.problem(`${id} ran ${turns.begun(id)} times`);
  }
  return figures;
}

interface Judgement {
  readonly kind: "reply" | "hang" | Outcome;
  /** What is wrong with it. */
  readonly problem: string | undefined;
}

function judge(id: string, settlement: Settlement, turns: Turns): Judgement {
  switch (settlement.kind) {
    case "hang":
      return { kind: "hang", problem: "has not settled" };
    case "reply": {
      const isTrue = settlement.id === id && turns.ended(id) === 1;
      const problem = `got the reply to ${settlement.id} and was handled ${turns.ended(id)} times`;
      return { kind: "reply", problem: isTrue ? undefined : problem };
    }
    case "failed": {
      const { code, outcome, retryable } = settlement.error;
      const isRun = turns.begun(id) > 0;
      const isTrue = outcome === "unknown" || isRun === (outcome === "executed");
      const told = `failed with ${code}, outcome ${outcome}, ${retryable ? "" : "not "}retryable`;
      const problem = `${told}, and ${isRun ? "ran" : "did not run"}`;
      return { kind: outcome, problem: isTrue && !(retryable && isRun) ? undefined : problem };
    }
  }
}
