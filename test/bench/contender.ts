/**
 * A system that takes part in the bench: its processes, and the client among them that makes the
 * load.
 */
import type { TcpProxy } from "@agentmesh/worker-sdk/testing";
import { ProcessGroup } from "./process/process-group.ts";
import type { Program } from "./process/program.ts";
import type { Measurement, Pace, Scenario } from "./scenario.ts";

/** The systems; those of ours behind a dash are laid out for one row. */
export type ContenderName =
  | "ours"
  | "ours-metered"
  | "ours-link"
  | "ours-subscriptions"
  | "ours-sessions"
  | "ours-spread"
  | "ours-keys"
  | "ours-autogen"
  | "ours-durable"
  | "local"
  | "nats"
  | "nats-spread"
  | "autogen"
  | "jetstream"
  | "relay"
  | "grpc-link"
  | "queue";

/** What came of starting one: it runs, or something that it needs is not installed. */
export type Start =
  | { readonly kind: "ready" }
  | { readonly kind: "absent"; readonly reason: string };

/** One system. */
export interface Contender {
  readonly name: ContenderName;
  /** Whether it stays up between its measurements. */
  readonly isResident: boolean;
  /** Starts its processes unless they run. @throws when one of them fails. */
  start(): Promise<Start>;
  /**
   * Puts the load of a scenario on it. @throws when a message was lost or refused, or a process
   * ended.
   */
  run(scenario: Scenario, pace: Pace): Promise<Measurement>;
  /** Ends its processes. */
  stop(): Promise<void>;
  /** Kills its processes without waiting: for the end of the bench's own process. */
  kill(): void;
}

/** What starting the processes of a system gives: the process that makes the load. */
export type Lineup =
  | { readonly kind: "ready"; readonly client: Program; readonly meter?: TcpProxy }
  | { readonly kind: "absent"; readonly reason: string };

/**
 * Milliseconds that a client gets beyond its pace: for warming up slowly and for the last
 * deliveries.
 */
const RUN_GRACE_MS = 20_000;

/** Every system starts with a load that is not counted, so that no row measures code that is not compiled yet. */
const FIRST_LOAD: Scenario = { kind: "calls", call: "send", window: 64 };
const FIRST_PACE: Pace = { warmUpMs: 0, measureMs: 2_000, minCalls: 1 };

/** How one contender differs from others. */
export interface ContenderTraits {
  /** Its first load. Default: sends, 64 in flight. */
  readonly firstLoad?: Scenario;
  /** Whether it stays up between its measurements. Default: true. */
  readonly isResident?: boolean;
  /** Milliseconds that a measurement may take beyond its pace. Default: 20 000. */
  readonly graceMs?: number;
}

/** Makes a contender of a function that starts its processes. */
export function createContender(
  name: ContenderName,
  assemble: (group: ProcessGroup) => Promise<Lineup>,
  traits: ContenderTraits = {},
): Contender {
  const { firstLoad = FIRST_LOAD, isResident = true, graceMs = RUN_GRACE_MS } = traits;
  const group = new ProcessGroup();
  let lineup: Extract<Lineup, { kind: "ready" }> | undefined;
  const run = async (scenario: Scenario, pace: Pace): Promise<Measurement> => {
    if (lineup === undefined) throw new Error(`${name} is not started`);
    const { client, meter } = lineup;
    const bytesBefore = meter?.bytes ?? 0;
    const answer = client.next(pace.warmUpMs + pace.measureMs + graceMs);
    client.tell({ kind: "run", scenario, pace });
    const reply = await Promise.race([answer, group.firstEnd()]);
    if (reply instanceof Error) throw reply;
    if (reply.kind === "measured") {
      return meter === undefined
        ? reply.measurement
        : metered(reply.measurement, meter.bytes - bytesBefore);
    }
    throw new Error(reply.kind === "failed" ? reply.reason : `unexpected ${reply.kind}`);
  };
  return {
    name,
    isResident,
    async start() {
      if (lineup !== undefined) return { kind: "ready" };
      const start = await assemble(group);
      if (start.kind === "absent") return start;
      lineup = start;
      if (firstLoad.kind !== "keys") await run(firstLoad, FIRST_PACE);
      return { kind: "ready" };
    },
    run,
    async stop() {
      const meter = lineup?.meter;
      lineup = undefined;
      await group.end();
      meter?.close();
    },
    kill: () => group.kill(),
  };
}

function metered(measurement: Measurement, bytes: number): Measurement {
  if (measurement.kind !== "load") return measurement;
  return { ...measurement, wireBytes: bytes / measurement.total };
}
