/**
 * A system that takes part in the bench: its processes, and the client among them that makes the
 * load.
 */
import { ProcessGroup } from "./process/process-group.ts";
import type { Program } from "./process/program.ts";
import type { Measurement, Pace, Scenario } from "./scenario.ts";

/** The systems. */
export type ContenderName = "ours" | "nats" | "relay";

/** What came of starting one: it runs, or something that it needs is not installed. */
export type Start =
  | { readonly kind: "ready" }
  | { readonly kind: "absent"; readonly reason: string };

/** One system. */
export interface Contender {
  readonly name: ContenderName;
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
  | { readonly kind: "ready"; readonly client: Program }
  | { readonly kind: "absent"; readonly reason: string };

/**
 * Milliseconds that a client gets beyond its pace: for warming up slowly and for the last
 * deliveries.
 */
const RUN_GRACE_MS = 20_000;

/** Every system starts with this load, uncounted, so that no row measures code that is not compiled yet. */
const FIRST_LOAD: Scenario = { kind: "calls", call: "send", window: 64 };
const FIRST_PACE: Pace = { warmUpMs: 0, measureMs: 2_000, minCalls: 1 };

/** Makes a contender of a function that starts its processes. */
export function createContender(
  name: ContenderName,
  assemble: (group: ProcessGroup) => Promise<Lineup>,
): Contender {
  const group = new ProcessGroup();
  let client: Program | undefined;
  const run = async (scenario: Scenario, pace: Pace): Promise<Measurement> => {
    if (client === undefined) throw new Error(`${name} is not started`);
    const answer = client.next(pace.warmUpMs + pace.measureMs + RUN_GRACE_MS);
    client.tell({ kind: "run", scenario, pace });
    const reply = await Promise.race([answer, group.firstEnd()]);
    if (reply instanceof Error) throw reply;
    if (reply.kind === "measured") return reply.measurement;
    throw new Error(reply.kind === "failed" ? reply.reason : `unexpected ${reply.kind}`);
  };
  return {
    name,
    async start() {
      if (client !== undefined) return { kind: "ready" };
      const lineup = await assemble(group);
      if (lineup.kind === "absent") return lineup;
      client = lineup.client;
      await run(FIRST_LOAD, FIRST_PACE);
      return { kind: "ready" };
    },
    run,
    async stop() {
      client = undefined;
      await group.end();
    },
    kill: () => group.kill(),
  };
}
