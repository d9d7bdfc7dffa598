/** A host in this process, and workers that reach it over real sockets. */
import type { DeadLetter } from "@agentmesh/proto/agentmesh/v1";
import { FakeClock } from "@agentmesh/proto/testing";
import { fromErrorMessage } from "@agentmesh/proto/wire";
import { type AgentRuntime, connectClient, connectWorker } from "@agentmesh/worker-sdk";
import { startHost, type TestHost } from "../../support/host.ts";
import { yieldTurn } from "../../support/settling.ts";
import { eventually, within } from "../../support/waiting.ts";
import type { Driver, Stage, StagedLetter } from "../stage.ts";
import { placeProbes } from "./probes.ts";

interface Shape {
  readonly workers: 1 | 2;
  readonly cast: Casting;
  /** Whether a client calls, which has no stream of its own, instead of the last worker. */
  readonly hasClient?: boolean;
}

/** Which worker gets the agent type that is registered as number `index`. */
type Casting = (workers: readonly AgentRuntime[], index: number) => readonly AgentRuntime[];

/** One worker runs everything and calls. */
export const alone: Driver = {
  id: "alone",
  name: "mesh with one worker",
  start: () => start({ workers: 1, cast: everyone }),
};

/** One worker runs everything, a client calls. */
export const called: Driver = {
  id: "called",
  name: "mesh with one worker and a client",
  start: () => start({ workers: 1, cast: everyone, hasClient: true }),
};

/** The agent types are dealt out, so that those of one case live apart; who calls is apart from the first of them. */
export const apart: Driver = {
  id: "apart",
  name: "mesh with two workers of different agent types",
  start: () => start({ workers: 2, cast: oneByOne }),
};

/** Both workers run all types, so that the keys of one type live apart. */
export const twins: Driver = {
  id: "twins",
  name: "mesh with two workers of the same agent types",
  start: () => start({ workers: 2, cast: everyone }),
};

/** Time is moved by hours at once: nobody must take that for silence. */
const PATIENT = { heartbeatMs: 3_599_999, livenessMs: 3_600_000 };

function everyone(workers: readonly AgentRuntime[]): readonly AgentRuntime[] {
  return workers;
}

function oneByOne(workers: readonly AgentRuntime[], index: number): readonly AgentRuntime[] {
  const first = index % workers.length;
  return workers.slice(first, first + 1);
}

async function start({ workers, cast, hasClient = false }: Shape): Promise<Stage> {
  const clock = new FakeClock();
  const host = await startHost(PATIENT, clock);
  const first = await connectWorker({ host: host.address, name: "first", clock });
  const others =
    workers === 1 ? [] : [await connectWorker({ host: host.address, name: "second", clock })];
  const runtimes = [first, ...others] as const;
  const arrived = await placeProbes(runtimes);
  const client = hasClient ? await connectClient({ host: host.address }) : undefined;
  let registered = 0;
  return {
    arrived,
    clock,
    caller: client ?? runtimes.at(-1) ?? first,
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
      const closed = Promise.all(runtimes.map((runtime) => runtime.close()));
      try {
        await within(closed, () => "the workers to close");
        await client?.close();
      } finally {
        await host.close();
      }
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
