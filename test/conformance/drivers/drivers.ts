/** The shapes of a mesh: one runtime without a host, or a host in this process and workers over real sockets. */
import { createHost } from "@agentmesh/host";
import { type AgentRuntime, connectClient } from "@agentmesh/worker-sdk";
import { type TestDeadLetter, type TestMesh, testMesh } from "@agentmesh/worker-sdk/testing";
import { openSockets } from "../../support/sockets.ts";
import { until, within } from "../../support/waiting.ts";
import type { Driver, Stage, StagedLetter } from "../stage.ts";
import { placeProbes } from "./probes.ts";

interface Shape {
  /** 0 for a local runtime. */
  readonly workers: 0 | 1 | 2;
  readonly cast: Casting;
  /** Whether a client calls, which has no stream of its own, instead of the last worker. */
  readonly hasClient?: boolean;
}

/** Which runtime gets the agent type that is registered as number `index`. */
type Casting = (runtimes: readonly AgentRuntime[], index: number) => readonly AgentRuntime[];

/** Everything in one runtime without a host. */
export const local: Driver = {
  id: "local",
  name: "local runtime",
  start: () => start({ workers: 0, cast: everyone }),
};

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

function everyone(runtimes: readonly AgentRuntime[]): readonly AgentRuntime[] {
  return runtimes;
}

function oneByOne(runtimes: readonly AgentRuntime[], index: number): readonly AgentRuntime[] {
  const first = index % runtimes.length;
  return runtimes.slice(first, first + 1);
}

async function start({ workers, cast, hasClient = false }: Shape): Promise<Stage> {
  const socketsBefore = openSockets();
  const mesh = await (workers === 0 ? testMesh() : testMesh({ createHost }));
  if (workers === 2) await mesh.connect();
  const { runtime: first, runtimes } = mesh;
  const arrived = await placeProbes(runtimes);
  const client = hasClient ? await connectClient({ host: mesh.address }) : undefined;
  let registered = 0;
  return {
    arrived,
    clock: mesh.clock,
    caller: client ?? runtimes.at(-1) ?? first,
    runtimes: [first, ...runtimes.slice(1)],
    async register(definition) {
      const chosen = cast(runtimes, registered++);
      await Promise.all(chosen.map((runtime) => runtime.register(definition)));
    },
    quiet: () => mesh.quiet(),
    advance: (ms) => mesh.advance(ms),
    deadLetters: async () => (await mesh.deadLetters()).map(stagedLetter),
    async dispose() {
      await client?.close();
      await within(mesh.close(), () => "the mesh to close");
      await expectNothingLeft(mesh, socketsBefore);
    },
  };
}

async function expectNothingLeft({ clock }: TestMesh, socketsBefore: number): Promise<void> {
  await until(() => openSockets() <= socketsBefore, "all sockets to close");
  if (clock.pending > 0) throw new Error(`${clock.pending} timers are left`);
}

function stagedLetter({ target, sender, topic, ...letter }: TestDeadLetter): StagedLetter {
  return { ...letter, target: target.text, sender: sender?.text, topic: topic?.toString() };
}
