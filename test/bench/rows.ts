/** The rows of the bench: what is compared with what, and what is demanded. */
import type { ContenderName } from "./contender.ts";
import type { MetricName } from "./metric.ts";
import { type CallName, DURABLE_WINDOW, type EventName, type Scenario } from "./scenario.ts";

/**
 * Publishes under way at any time: enough to keep every contender busy, few enough to be
 * delivered.
 */
const PUBLISH_WINDOW = 1_024;
/** Calls under way with large payloads: more bytes than a slow link holds. */
const LARGE_WINDOW = 64;
const LARGE_EVENTS: Scenario = { kind: "events", event: "large-10", window: 8 };
const KEYS: Scenario = { kind: "keys", count: 1_000_000, window: 512 };

const RATE = { metric: "rate", quick: "once" } as const;

/** One side of a row. */
export interface Entry {
  readonly contender: ContenderName;
  readonly scenario: Scenario;
}

/** What is demanded. Whether it is a least or a most is said by the metric. */
export interface Demand {
  /** What it is about: our figure divided by the peer's, or our figure itself. */
  readonly of: "ratio" | "figure";
  readonly must: number;
  /** Undefined where no more is aimed at. */
  readonly aim: number | undefined;
}

/** One row: the ratio is ours divided by the peer's. */
export interface Row {
  readonly id: string;
  readonly metric: MetricName;
  readonly ours: Entry;
  /** Undefined where ours stands alone. */
  readonly peer: Entry | undefined;
  /** What is on the other side, in words. */
  readonly peerName: string;
  /** Undefined where the figures are told and nothing is demanded. */
  readonly demand: Demand | undefined;
  /** Whether a quick run measures it: in each round, in one, or not at all. */
  readonly quick: "each" | "once" | "never";
}

function calls(contender: ContenderName, call: CallName, window: number): Entry {
  return { contender, scenario: { kind: "calls", call, window } };
}

function events(contender: ContenderName, event: EventName): Entry {
  return { contender, scenario: { kind: "events", event, window: PUBLISH_WINDOW } };
}

/** Durable events, published and handled. */
function durableEvents(contender: ContenderName): Entry {
  return {
    contender,
    scenario: { kind: "events", event: "durable-handled", window: DURABLE_WINDOW },
  };
}

function ratio(must: number, aim?: number): Demand {
  return { of: "ratio", must, aim };
}

function figure(must: number, aim?: number): Demand {
  return { of: "figure", must, aim };
}

function natsSends(window: number, metric: MetricName, must: number, aim: number): Row {
  return {
    id: `send-${window}`,
    metric,
    ours: calls("ours", "send", window),
    peer: calls("nats", "send", window),
    peerName: "NATS request/reply",
    demand: ratio(must, aim),
    quick: "each",
  };
}

function natsEvents(id: string, event: EventName): Row {
  return {
    id,
    metric: "rate",
    ours: events("ours", event),
    peer: events("nats", event),
    peerName: "NATS core",
    demand: ratio(0.15, 0.5),
    quick: "each",
  };
}

/** The same client and worker of AutoGen on our host and on its own. */
function autogenHost(id: string, ours: Entry): Row {
  const peer: Entry = { ...ours, contender: "autogen" };
  return { ...RATE, id, ours, peer, peerName: "AutoGen's own host", demand: ratio(1) };
}

/** Our own client, host and worker against AutoGen's. */
function autogenMesh(id: string, ours: Entry): Row {
  const peer: Entry = { ...ours, contender: "autogen" };
  return { ...RATE, id, ours, peer, peerName: "AutoGen", demand: ratio(20, 50) };
}

/** A send on a mesh that has much beside it, against the same send on one that has not. */
function growth(id: string, crowded: ContenderName, peerName: string): Row {
  const ours = calls(crowded, "send", 64);
  const peer = calls("ours", "send", 64);
  return { id, metric: "cost", ours, peer, peerName, demand: ratio(1.3, 1), quick: "once" };
}

/** Large payloads one way over a link with a round trip of 20 ms. */
function slowLink(id: string, call: CallName): Row {
  return {
    id,
    metric: "throughput",
    ours: calls("ours-link", call, LARGE_WINDOW),
    peer: calls("grpc-link", call, LARGE_WINDOW),
    peerName: "grpc-js by default",
    demand: figure(40),
    quick: "once",
  };
}

/** All rows, in the order in which they are measured and shown. */
export const ROWS: readonly Row[] = [
  natsSends(1, "latency", 1.2, 0.9),
  natsSends(64, "rate", 2, 5),
  natsSends(512, "rate", 2.5, 6),
  {
    id: "typed-64",
    metric: "rate",
    ours: calls("ours", "send-typed", 64),
    peer: calls("ours", "send", 64),
    peerName: "send-64",
    demand: ratio(0.5, 0.8),
    quick: "each",
  },
  natsEvents("publish-1", "event-1"),
  {
    id: "publish-acked-1",
    metric: "rate",
    ours: events("ours", "event-1"),
    peer: calls("nats", "acked-event", PUBLISH_WINDOW),
    peerName: "NATS request",
    demand: ratio(3, 8),
    quick: "each",
  },
  natsEvents("publish-10", "event-10"),
  {
    id: "relay-64",
    metric: "rate",
    ours: calls("ours", "send", 64),
    peer: calls("relay", "send", 64),
    peerName: "bare grpc-js relay",
    demand: ratio(0.35, 0.7),
    quick: "each",
  },
  {
    id: "stream-64",
    metric: "rate",
    ours: calls("ours", "stream", 64),
    peer: calls("ours", "send", 64),
    peerName: "send-64 per message",
    demand: ratio(1.5, 3),
    quick: "once",
  },
  {
    id: "fanout-bytes",
    metric: "wire",
    ours: { contender: "ours-metered", scenario: LARGE_EVENTS },
    peer: calls("ours-metered", "upload-10", 8),
    peerName: "ten separate sends",
    demand: ratio(0.3),
    quick: "once",
  },
  slowLink("link-20ms-up", "upload"),
  slowLink("link-20ms-down", "download"),
  growth("growth-subscriptions", "ours-subscriptions", "10 subscriptions, not 100 000"),
  growth("growth-sessions", "ours-sessions", "no idle sessions, not 200"),
  {
    id: "spread-200",
    metric: "rate",
    ours: calls("ours-spread", "spread", 64),
    peer: calls("nats-spread", "spread", 64),
    peerName: "NATS, 200 clients",
    demand: ratio(0.8, 2),
    quick: "once",
  },
  autogenHost("autogen-64", calls("ours-autogen", "send", 64)),
  autogenHost("autogen-publish", events("ours-autogen", "event-1")),
  autogenMesh("autogen-mesh-64", calls("ours", "send", 64)),
  { ...autogenMesh("autogen-mesh-publish", events("ours", "event-1")), quick: "never" },
  {
    id: "keys-1m",
    metric: "peak-memory",
    ours: { contender: "ours-keys", scenario: KEYS },
    peer: undefined,
    peerName: "–",
    demand: figure(500, 250),
    quick: "never",
  },
  {
    id: "keys-1m-left",
    metric: "memory-left",
    ours: { contender: "ours-keys", scenario: KEYS },
    peer: undefined,
    peerName: "–",
    demand: figure(50),
    quick: "never",
  },
  {
    id: "durable-publish",
    metric: "rate",
    ours: calls("ours-durable", "durable-publish", DURABLE_WINDOW),
    peer: calls("jetstream", "durable-publish", DURABLE_WINDOW),
    peerName: "JetStream, not synced",
    demand: ratio(1, 3),
    quick: "once",
  },
  {
    id: "durable-e2e",
    metric: "rate",
    ours: durableEvents("ours-durable"),
    peer: durableEvents("jetstream"),
    peerName: "JetStream with acks",
    demand: ratio(0.5, 1.5),
    quick: "once",
  },
  {
    id: "local-rpc",
    metric: "rate",
    ours: calls("local", "send", 64),
    peer: calls("queue", "send", 64),
    peerName: "a queue of async calls",
    demand: undefined,
    quick: "once",
  },
];
