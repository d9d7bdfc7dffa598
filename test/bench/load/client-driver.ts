/**
 * The client process of every contender: it gets a scenario, puts the load on, and tells what it
 * found.
 */
import { isRunRequest } from "../process/protocol.ts";
import { reportReady, tellBench } from "../process/report-to-bench.ts";
import {
  type CallName,
  type EventName,
  MESSAGES_PER_CALL,
  type Measurement,
  PAYLOAD_BYTES,
  type Pace,
  type Scenario,
  SUBSCRIBERS,
} from "../scenario.ts";
import { type Call, measureCalls } from "./calls.ts";
import { measureEvents, type Publish } from "./events.ts";
import { createTallyReader, type TallyReader } from "./tally.ts";

/** Calls whose payloads are so large that few of them are a measurement. */
const LARGE_CALLS: ReadonlySet<CallName> = new Set(["upload", "download"]);
const FEW_CALLS = 20;

/** What a system can do for its client. What is left out, no row asks of it. */
export interface ClientDriver {
  readonly calls: Readonly<Partial<Record<CallName, Call>>>;
  readonly events?: Readonly<Partial<Record<EventName, Publish>>>;
  /** Touches `count` agents once, waits until they are idle, and tells what they cost. */
  readonly keys?: (count: number, window: number) => Promise<Measurement>;
}

/** The bytes that are sent, ready made. */
export function readyMadePayload(bytes = PAYLOAD_BYTES): Buffer {
  return Buffer.alloc(bytes, "agentmesh ");
}

/** Serves the bench with a driver. */
export async function serveClient(driver: ClientDriver): Promise<void> {
  const tally = await createTallyReader();
  process.on("message", (message: unknown) => {
    if (!isRunRequest(message)) return;
    measure(driver, tally, message.scenario, message.pace).then(
      (measurement) => tellBench({ kind: "measured", measurement }),
      (error: unknown) => tellBench({ kind: "failed", reason: reasonOf(error) }),
    );
  });
  reportReady(tally.port);
}

async function measure(
  driver: ClientDriver,
  tally: TallyReader,
  scenario: Scenario,
  pace: Pace,
): Promise<Measurement> {
  if (scenario.kind === "calls") {
    const call = driver.calls[scenario.call];
    if (call === undefined) throw new Error(`cannot do ${scenario.call}`);
    const { call: name, window } = scenario;
    const minCalls = LARGE_CALLS.has(name) ? FEW_CALLS : pace.minCalls;
    return measureCalls(call, window, { ...pace, minCalls }, MESSAGES_PER_CALL[name]);
  }
  if (scenario.kind === "keys") {
    if (driver.keys === undefined) throw new Error("cannot touch agents");
    return driver.keys(scenario.count, scenario.window);
  }
  const publish = driver.events?.[scenario.event];
  if (publish === undefined) throw new Error(`cannot do ${scenario.event}`);
  const audience = { tally, subscribers: SUBSCRIBERS[scenario.event] };
  return measureEvents(publish, audience, scenario.window, pace);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
