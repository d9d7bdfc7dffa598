/** A host in this process, and workers that reach it over real sockets. */
import type { DeadLetter } from "@agentmesh/proto/agentmesh/v1";
import { fromErrorMessage } from "@agentmesh/proto/wire";
import { type AgentRuntime, connectWorker } from "@agentmesh/worker-sdk";
import { FakeClock } from "../../support/fake-clock.ts";
import { startHost, type TestHost } from "../../support/host.ts";
import { yieldTurn } from "../../support/settling.ts";
import { eventually } from "../../support/waiting.ts";
import type { Driver, Stage, StagedLetter } from "../stage.ts";

/** Which worker gets the agent type that is registered as number `index`. */
type Casting = (workers: readonly AgentRuntime[], index: number) => readonly AgentRuntime[];

/** One worker runs everything and calls. */
export const alone: Driver = {
  name: "mesh with one worker",
  start: () => start(1, (workers) => workers),
};

/** The agent types are dealt out, so that those of one case live apart; who calls is apart from the first of them. */
export const apart: Driver = {
  name: "mesh with two workers of different agent types",
  start: () => start(2, (workers, index) => workers.slice(index % 2, (index % 2) + 1)),
};

/** Both workers run all types, so that the keys of one type live apart. */
export const twins: Driver = {
  name: "mesh with two workers of the same agent types",
  start: () => start(2, (workers) => workers),
};

/** Time is moved by hours at once: nobody must take that for silence. */
const PATIENT = { heartbeatMs: 3_599_999, livenessMs: 3_600_000 };

async function start(workerCount: 1 | 2, cast: Casting): Promise<Stage> {
  const clock = new FakeClock();
  const host = await startHost(PATIENT, clock);
  const first = await connectWorker({ host: host.address, name: "first", clock });
  const others =
    workerCount === 1 ? [] : [await connectWorker({ host: host.address, name: "second", clock })];
  const runtimes = [first, ...others] as const;
  let registered = 0;
  return {
    clock,
    caller: runtimes.at(-1) ?? first,
    runtimes,
    async register(definition) {
      const chosen = cast(runtimes, registered++);
      await Promise.all(chosen.map((worker) => worker.register(definition)));
    },
    async quiet() {
      await eventually(() => host.client.status(), isQuiet, "the host to have nothing in flight");
    },
    async advance(ms) {
      await yieldTurn();
      clock.advance(ms);
      await yieldTurn();
    },
    deadLetters: () => deadLetters(host),
    async dispose() {
      await Promise.all(runtimes.map((runtime) => runtime.close()));
      await host.close();
    },
  };
}

function isQuiet({ inFlight, queued }: { inFlight: number; queued: number }): boolean {
  return inFlight === 0 && queued === 0;
}

async function deadLetters(host: TestHost): Promise<StagedLetter[]> {
  const { deadLetters: letters } = await host.client.deadLetters();
  return letters.map(stagedLetter);
}

function stagedLetter({
  target,
  sender,
  topic,
  messageType,
  error,
  attempts,
}: DeadLetter): StagedLetter {
  if (target === undefined || error === undefined)
    throw new Error("a dead letter without target or error");
  const { code, text, stack } = fromErrorMessage(error);
  return {
    target: `${target.type}/${target.key}`,
    sender: sender && `${sender.type}/${sender.key}`,
    topic: topic && `${topic.type}/${topic.source}`,
    messageType,
    code,
    text,
    stack,
    attempts,
  };
}
