/** One runtime of a test mesh, and the way between it and the rest. */
import { DEFAULT_NAMESPACE, meshError } from "@agentmesh/proto";
import type { FakeClock } from "@agentmesh/proto/testing";
import type { Tap } from "../connection/mesh-port.ts";
import type { WorkerOptions } from "../options.ts";
import { type LocalRuntime, tapLocalRuntime } from "../runtime/local/create-local-runtime.ts";
import type { AgentRuntime } from "../runtime/runtime.ts";
import { joinMesh } from "../worker.ts";
import type { Faults } from "./faults.ts";
import { Obstacles } from "./obstacles.ts";
import { LIMIT_MS, turnOfTheLoop, within } from "./real-limit.ts";
import type { Recorder } from "./recorder.ts";
import { Recording } from "./recording.ts";
import { TcpProxy } from "./tcp-proxy.ts";
import type { Traffic } from "./traffic.ts";

/** What all members of a mesh share. */
export interface MemberParts {
  readonly clock: FakeClock;
  readonly recorder: Recorder;
  readonly faults: Faults;
}

/** How the host of a test is reached, whatever the environment of the test says of other hosts. */
export const PLAIN = { tls: false, token: "", namespace: DEFAULT_NAMESPACE } as const;

/** What is between a runtime and its mesh. */
interface Between {
  readonly recording: Recording;
  readonly tap: Tap;
}

export class Member {
  readonly runtime: AgentRuntime;
  readonly #recording: Recording;
  readonly #clock: FakeClock;
  /** The way to the host; undefined for a local runtime. */
  readonly #proxy: TcpProxy | undefined;

  constructor(runtime: AgentRuntime, recording: Recording, clock: FakeClock, proxy?: TcpProxy) {
    this.runtime = runtime;
    this.#recording = recording;
    this.#clock = clock;
    this.#proxy = proxy;
  }

  /** What is on its way. */
  get traffic(): Traffic {
    return this.#recording.traffic;
  }

  /** Cuts the connection and lets the runtime make no other. Resolves when it knows. */
  async cut(): Promise<void> {
    const proxy = this.#link();
    proxy.refuse();
    proxy.cut("reset");
    await this.#untilConnected(false);
  }

  /** Cuts the connection and lets the runtime make another. Resolves when it has, or is not to or cannot. */
  async reset(): Promise<void> {
    this.#link().cut("reset");
    try {
      await this.#untilConnected(false);
      await this.#untilConnected(true);
    } catch {
      // It was cut for good meanwhile, or the host is gone: whoever waits for it is told so.
    }
  }

  /** Lets the runtime connect again. Resolves when it has. */
  async mend(): Promise<void> {
    await this.#link().accept();
    await this.#untilConnected(true);
  }

  /** Leaves nothing behind. Idempotent. */
  async close(): Promise<void> {
    await this.#proxy?.accept();
    await this.runtime.close();
    this.#proxy?.close();
  }

  #link(): TcpProxy {
    if (this.#proxy !== undefined) return this.#proxy;
    throw meshError("UNIMPLEMENTED", "a local runtime has no connection: give createHost");
  }

  /** Waits until it is connected, or is not any more. Attempts that are due are made, without time moving. */
  async #untilConnected(isWanted: boolean): Promise<void> {
    const end = performance.now() + LIMIT_MS;
    const { runtime } = this;
    while ((runtime.currentStatus.kind === "connected") !== isWanted) {
      if (runtime.currentStatus.kind === "closed") return;
      if (performance.now() > end) {
        const what = isWanted ? "to connect again" : "to notice that it is cut off";
        throw new Error(`waited ${LIMIT_MS} ms for a runtime ${what}`);
      }
      if (isWanted) this.#clock.advance(0);
      await turnOfTheLoop();
    }
  }
}

/** A runtime without a host. */
export function localMember(name: string, parts: MemberParts): [Member, LocalRuntime] {
  const { clock } = parts;
  const { recording, tap } = between(name, parts, () => undefined);
  const runtime = tapLocalRuntime({ clock }, tap);
  return [new Member(runtime, recording, clock), runtime];
}

/** A worker with a connection of its own to the host at `address`. */
export async function workerMember(
  name: string,
  address: string,
  options: WorkerOptions,
  parts: MemberParts,
): Promise<Member> {
  const { clock } = parts;
  const proxy = new TcpProxy(address);
  await proxy.accept();
  // Who is not connected yet has nothing that could come to it.
  let member: Member | undefined;
  const { recording, tap } = between(name, parts, () => void member?.reset());
  const late = new AbortController();
  const { signal } = options;
  const joining: WorkerOptions = {
    ...PLAIN,
    ...options,
    name,
    host: proxy.address,
    clock,
    random: noWait,
    signal: signal === undefined ? late.signal : AbortSignal.any([late.signal, signal]),
  };
  try {
    const what = (): string => `worker ${name} to connect to the host of the test`;
    const runtime = await within(joinMesh(joining, tap), LIMIT_MS, what);
    member = new Member(runtime, recording, clock, proxy);
    return member;
  } catch (error) {
    late.abort();
    proxy.close();
    throw error;
  }
}

/** Obstacles, and next to the runtime who records what it sees. */
function between(name: string, parts: MemberParts, onCut: () => void): Between {
  const { clock, faults, recorder } = parts;
  const recording = new Recording(recorder, clock, name);
  const obstacles = new Obstacles({
    clock,
    faults,
    onCut,
    onFault: (fault, { content, from, to, topic }) =>
      recording.note({ kind: "fault", fault, content, from, to, topic }),
  });
  const tap: Tap = (runtime, connect) => {
    const mesh = connect(obstacles.downlink(recording.downlink(runtime)));
    return recording.uplink(obstacles.uplink(mesh));
  };
  return { recording, tap };
}

/** Chance for the waits between attempts: with it there are none. */
function noWait(): number {
  return 0;
}
