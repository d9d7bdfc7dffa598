/**
 * A mesh for one test: a host and workers over real sockets, or a local runtime, with time that stands still, a record
 * of every message, and faults on demand.
 *
 * K1. Time moves by `advance` only. A connection that was cut by a rule, and one that is mended, is made again without
 *     it: the waits between attempts are nothing.
 */
import {
  type AgentId,
  type Clock,
  type ErrorCode,
  meshError,
  type TopicId,
} from "@agentmesh/proto";
import { FakeClock } from "@agentmesh/proto/testing";
import { connectAdmin, type MeshAdmin } from "../admin.ts";
import type { WorkerOptions } from "../options.ts";
import type { LocalRuntime } from "../runtime/local/create-local-runtime.ts";
import type { AgentRuntime } from "../runtime/runtime.ts";
import { type FaultRule, Faults } from "./faults.ts";
import { localMember, type Member, PLAIN, workerMember } from "./member.ts";
import { LIMIT_MS, turnOfTheLoop } from "./real-limit.ts";
import { Recorder } from "./recorder.ts";
import { chooseSeed, describeSeed } from "./seed.ts";

/** A host, as far as a test mesh knows it. `createHost` of `@agentmesh/host` makes one. */
export interface TestHost {
  /** `host:port` that it listens on. */
  readonly address: string;
  /** Stops at once. */
  close(): Promise<void>;
}

/** Starts a host with these options and this clock. */
export type CreateHost<HostOptions> = (
  options: HostOptions,
  environment: {
    /** Where the host takes its time from. */
    readonly clock: Clock;
  },
) => Promise<TestHost>;

/** Options of {@link testMesh}. All may be left out. */
export interface TestMeshOptions<HostOptions> {
  /** `createHost` of `@agentmesh/host`. Default: none, everything runs in one local runtime. */
  readonly createHost?: CreateHost<HostOptions>;
  /**
   * Options of the host. Default: a free port of loopback, no log lines, and an hour of silence until a peer counts as
   * dead, so that time can be moved by minutes.
   */
  readonly hostOptions?: HostOptions;
  /** Rules for faults from the start. Default: none. */
  readonly faults?: readonly FaultRule[];
  /**
   * What chance is made of. Default: the environment variable `AGENTMESH_TEST_SEED`, else by chance; then it is written to
   * stderr when a rule needs it.
   */
  readonly seed?: number;
  /** Where time comes from. Default: a new one. */
  readonly clock?: FakeClock;
}

/**
 * Options of {@link TestMesh.connect}: those of a worker, but for what the mesh knows better. The environment does not
 * count: without them there is no TLS, no token, and the namespace is `default`.
 */
export type TestWorkerOptions = Omit<WorkerOptions, "host" | "clock" | "random">;

/** A message that could not be handled. */
export interface TestDeadLetter {
  /** The agent that it was for. */
  readonly target: AgentId;
  /** The agent that sent it; undefined when none did. */
  readonly sender: AgentId | undefined;
  /** The topic of an event; undefined for a send. */
  readonly topic: TopicId | undefined;
  /** Name of the message type. */
  readonly messageType: string;
  /** Why it failed. */
  readonly code: ErrorCode;
  /** Why it failed, in one sentence for people. */
  readonly text: string;
  /** Stack trace of what was thrown; empty when there is none. */
  readonly stack: string;
  /** Attempts that were made. */
  readonly attempts: number;
}

const QUIET_HOST = {
  listen: "127.0.0.1:0",
  logLevel: "silent",
  heartbeatMs: 3_599_999,
  livenessMs: 3_600_000,
} as const;

/** Messages that a failed wait shows. */
const SHOWN = 10;
/** Milliseconds after which every timer that ticks has noticed that there is nothing left. */
const TICK_MS = 20;

/**
 * Makes a mesh for one test; `await using mesh = await testMesh({ createHost })` leaves nothing behind. With
 * `createHost` it is a host on a free port and a worker over a real connection, without it a local runtime.
 * @throws MeshError `INVALID_ARGUMENT` when an option is wrong.
 */
export async function testMesh<HostOptions = never>(
  options: TestMeshOptions<HostOptions> = {},
): Promise<TestMesh> {
  const clock = options.clock ?? new FakeClock();
  const { createHost, hostOptions } = options;
  const seed = chooseSeed(options.seed);
  const faults = new Faults(seed.value, createHost !== undefined, seed.tell);
  for (const rule of options.faults ?? []) faults.add(rule);
  const host = await createHost?.({ ...QUIET_HOST, ...hostOptions } as HostOptions, { clock });
  const mesh = new TestMesh(clock, faults, host);
  try {
    await mesh.connect();
  } catch (error) {
    await mesh.close();
    throw error;
  }
  return mesh;
}

/** Use {@link testMesh}. */
export class TestMesh implements AsyncDisposable {
  /** The time of everything in it. */
  readonly clock: FakeClock;
  /** What has happened. */
  readonly recorder: Recorder;
  /** What is put in the way of messages. */
  readonly faults: Faults;
  readonly #host: TestHost | undefined;
  readonly #members: Member[] = [];
  #local: LocalRuntime | undefined;
  #admin: Promise<MeshAdmin> | undefined;
  #closed: Promise<void> | undefined;

  /** Use {@link testMesh}. */
  constructor(clock: FakeClock, faults: Faults, host: TestHost | undefined) {
    this.clock = clock;
    this.faults = faults;
    this.recorder = new Recorder(`; ${describeSeed(faults.seed)}`);
    this.#host = host;
  }

  /** `host:port` of the host, for clients. @throws MeshError `UNIMPLEMENTED` on a local runtime. */
  get address(): string {
    if (this.#host !== undefined) return this.#host.address;
    throw meshError("UNIMPLEMENTED", "a local runtime has no address: give createHost");
  }

  /** The first runtime. */
  get runtime(): AgentRuntime {
    return this.#member().runtime;
  }

  /** All runtimes, in the order in which they were connected. */
  get runtimes(): readonly AgentRuntime[] {
    return this.#members.map(({ runtime }) => runtime);
  }

  /**
   * Connects one more worker. Its name is that in records; default: `first`, `worker-2` and so on.
   * @throws MeshError `UNIMPLEMENTED` on a local runtime, which is alone.
   */
  async connect(options: TestWorkerOptions = {}): Promise<AgentRuntime> {
    const ordinal = this.#members.length + 1;
    const name = options.name ?? (ordinal === 1 ? "first" : `worker-${ordinal}`);
    const member = await this.#join(name, options);
    this.#members.push(member);
    return member.runtime;
  }

  /**
   * Moves time on by `ms`, of the host and of all runtimes; timers run at their times, and handlers that they wake get a
   * turn. What is sent meanwhile may not have arrived: await {@link quiet}, a reply or an entry of the recorder.
   * Never fails by itself.
   */
  async advance(ms: number): Promise<void> {
    await turnOfTheLoop();
    this.clock.advance(ms);
    await turnOfTheLoop();
  }

  /**
   * Resolves when no message of these runtimes is on its way, waits or is handled.
   * @throws Error after `limitMs` milliseconds of real time (default: 5 000), because a turn does not end, or because of
   * a message that was dropped or is delayed: then move time on first.
   */
  async quiet(limitMs = LIMIT_MS): Promise<void> {
    const end = performance.now() + limitMs;
    // Looked at twice: what was on its way from one to the other was with neither.
    for (let mark = -1; mark !== this.recorder.entries.length; ) {
      mark = this.recorder.entries.length;
      while (!(await this.#isQuiet())) {
        if (performance.now() > end) throw new Error(`waited ${limitMs} ms for ${this.#unrest()}`);
      }
    }
  }

  /** What could not be handled, oldest first. @throws MeshError when the host cannot be asked. */
  async deadLetters(): Promise<TestDeadLetter[]> {
    const letters: TestDeadLetter[] = [];
    // Who asks again and again leaves others their turn.
    if (this.#local !== undefined) await turnOfTheLoop();
    for (const { failure, ...letter } of this.#local?.deadLetters() ?? []) {
      letters.push({ ...letter, ...failure });
    }
    if (this.#host === undefined) return letters;
    for await (const { reason, ...letter } of (await this.#ask()).deadLetters()) {
      letters.push({ ...letter, ...reason });
    }
    return letters;
  }

  /**
   * Cuts the connection of a runtime (default: the first), and lets it make no other until {@link mend}. Resolves when
   * it knows.
   * @throws MeshError `NOT_FOUND` for a runtime of another mesh, `UNIMPLEMENTED` on a local runtime.
   */
  cut(runtime?: AgentRuntime): Promise<void> {
    return this.#member(runtime).cut();
  }

  /**
   * Lets a runtime (default: the first) connect again. Resolves when it has.
   * @throws MeshError `NOT_FOUND` for a runtime of another mesh, `UNIMPLEMENTED` on a local runtime.
   */
  mend(runtime?: AgentRuntime): Promise<void> {
    return this.#member(runtime).mend();
  }

  /** Closes all runtimes and the host. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.close()));
    await this.#admin?.then((admin) => admin.close());
    await this.#host?.close();
    // Timers that tick on, and find that there is nothing left.
    this.clock.advance(TICK_MS);
  }

  async #join(name: string, options: TestWorkerOptions): Promise<Member> {
    if (this.#host !== undefined) return workerMember(name, this.#host.address, options, this);
    if (this.#local !== undefined) {
      throw meshError("UNIMPLEMENTED", "a local runtime is alone: give createHost for several");
    }
    const [member, local] = localMember(name, this);
    this.#local = local;
    return member;
  }

  #member(runtime?: AgentRuntime): Member {
    const [first] = this.#members;
    const isIt = (member: Member): boolean => member.runtime === runtime;
    const found = runtime === undefined ? first : this.#members.find(isIt);
    if (found !== undefined) return found;
    throw meshError("NOT_FOUND", "the runtime is not one of this mesh");
  }

  #ask(): Promise<MeshAdmin> {
    this.#admin ??= connectAdmin({ ...PLAIN, host: this.address });
    return this.#admin;
  }

  async #isQuiet(): Promise<boolean> {
    if (this.#host !== undefined) {
      const { inFlight, queued } = await (await this.#ask()).status();
      if (inFlight + queued > 0) return false;
    }
    await turnOfTheLoop();
    await turnOfTheLoop();
    return this.#members.every(({ traffic }) => traffic.isQuiet);
  }

  #unrest(): string {
    const messages = this.#members.flatMap(({ traffic }) => traffic.messages());
    const lines = messages.slice(0, SHOWN).map((message) => `\n  ${message}`);
    return `the mesh to become quiet; on their way are:${lines.join("")}; ${describeSeed(this.faults.seed)}`;
  }
}
