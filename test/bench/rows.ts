/** The rows of the bench: what is compared with what, and what is demanded of the ratio. */
import type { ContenderName } from "./contender.ts";
import type { CallName, EventName, Scenario } from "./scenario.ts";

/**
 * Publishes under way at any time: enough to keep every contender busy, few enough to be
 * delivered.
 */
const PUBLISH_WINDOW = 1_024;

/** One row: the ratio is ours divided by the peer's. */
export interface Row {
  readonly id: string;
  /** What it measures: delivered messages per second, or the median time of a call. */
  readonly metric: "rate" | "latency";
  readonly scenario: Scenario;
  readonly peer: ContenderName;
  readonly peerName: string;
  readonly peerScenario: Scenario;
  /** The ratio that is demanded: at least for a rate, at most for a latency. */
  readonly must: number;
  /** The ratio that is aimed at. */
  readonly aim: number;
}

function calls(call: CallName, window: number): Scenario {
  return { kind: "calls", call, window };
}

function events(event: EventName): Scenario {
  return { kind: "events", event, window: PUBLISH_WINDOW };
}

function natsSends(window: number, metric: Row["metric"], must: number, aim: number): Row {
  const scenario = calls("send", window);
  const peerName = "NATS request/reply";
  const id = `send-${window}`;
  return { id, metric, scenario, peer: "nats", peerName, peerScenario: scenario, must, aim };
}

function natsEvents(id: string, event: EventName): Row {
  const scenario = events(event);
  const common = { id, metric: "rate", scenario, must: 0.15, aim: 0.5 } as const;
  return { ...common, peer: "nats", peerName: "NATS core", peerScenario: scenario };
}

/** All rows, in the order in which they are measured and shown. */
export const ROWS: readonly Row[] = [
  natsSends(1, "latency", 1.2, 0.9),
  natsSends(64, "rate", 2, 5),
  natsSends(512, "rate", 2.5, 6),
  {
    id: "typed-64",
    metric: "rate",
    scenario: calls("send-typed", 64),
    peer: "ours",
    peerName: "send-64",
    peerScenario: calls("send", 64),
    must: 0.5,
    aim: 0.8,
  },
  natsEvents("publish-1", "event-1"),
  {
    id: "publish-acked-1",
    metric: "rate",
    scenario: events("event-1"),
    peer: "nats",
    peerName: "NATS request",
    peerScenario: calls("acked-event", PUBLISH_WINDOW),
    must: 3,
    aim: 8,
  },
  natsEvents("publish-10", "event-10"),
  {
    id: "relay-64",
    metric: "rate",
    scenario: calls("send", 64),
    peer: "relay",
    peerName: "bare grpc-js relay",
    peerScenario: calls("send", 64),
    must: 0.35,
    aim: 0.7,
  },
];
