/** Messages, names and agents of the bench on AgentMesh. */
import {
  type AgentDefinition,
  type AgentId,
  agentId,
  defineAgent,
  defineMessage,
  stream,
  type TopicId,
  topicId,
} from "@agentmesh/worker-sdk";
import { readyMadePayload } from "../../load/client-driver.ts";
import {
  type DurableEvent,
  type EventName,
  KEY_COUNT,
  LARGE_BYTES,
  SPREAD_WORKERS,
  STREAM_CHUNKS,
  SUBSCRIBERS,
} from "../../scenario.ts";
import { Note } from "./typed-note.ts";

/** Bytes that are a message already, in the shape of a generated protobuf type. */
const readyMadeBytes = {
  encode: (bytes: Uint8Array) => ({ finish: () => bytes }),
  decode: (bytes: Uint8Array) => bytes,
};

const EchoReply = defineMessage("bench.EchoReply", readyMadeBytes);
const TypedReply = defineMessage("bench.TypedReply", Note);

/** What is echoed. */
export const Echo = defineMessage("bench.Echo", readyMadeBytes, { reply: EchoReply });

/** The same as validated JSON. */
export const TypedEcho = defineMessage("bench.TypedEcho", Note, { reply: TypedReply });

/** What is answered by a stream of chunks. */
export const Tell = defineMessage("bench.Tell", readyMadeBytes, { reply: stream(EchoReply) });

/** What is answered by nothing. */
export const Upload = defineMessage("bench.Upload", readyMadeBytes);

/** What is answered by {@link LARGE_BYTES}. */
export const Download = defineMessage("bench.Download", readyMadeBytes, { reply: EchoReply });

/** What is published. */
export const Happened = defineMessage("bench.Happened", readyMadeBytes);

/** The agents that answer. */
export const ECHO_IDS: readonly AgentId[] = Array.from({ length: KEY_COUNT }, (_, key) =>
  agentId("bench-echo", `key-${key}`),
);

/** The topic of an event. */
export function eventTopic(event: EventName): TopicId {
  return topicId(`bench.${event}`, "all");
}

/** The topic type of a durable event. */
export function durableTopicType(event: DurableEvent): string {
  return `bench.${event}`;
}

/** The type of the agents that get it. */
export function durableAgentType(event: DurableEvent): string {
  return `bench-${event}`;
}

const CHUNK = readyMadePayload(16);
const LARGE = readyMadePayload(LARGE_BYTES);

/** Answers what it is asked. */
export const echoAgent = defineAgent("bench-echo", {
  handlers: (on) => [
    on(Echo, async (bytes) => bytes),
    on(TypedEcho, async (note) => ({ ...note })),
    on(Tell, async function* () {
      for (let count = 0; count < STREAM_CHUNKS; count++) yield CHUNK;
    }),
    on(Upload, async () => undefined),
    on(Download, async () => LARGE),
  ],
});

/** The agents of the many workers: a type for each, so that each worker has one. */
export const SPREAD_IDS: readonly AgentId[] = Array.from({ length: SPREAD_WORKERS }, (_, worker) =>
  agentId(`bench-spread-${worker}`, "only"),
);

/** The agent of one of the many workers. */
export function spreadAgent(worker: number): AgentDefinition<undefined> {
  return defineAgent(`bench-spread-${worker}`, {
    handlers: (on) => [on(Echo, async (bytes) => bytes)],
  });
}

/** The subscribers of `large-10`, for those who send to each. */
export const LARGE_IDS: readonly AgentId[] = Array.from(
  { length: SUBSCRIBERS["large-10"][0] ?? 0 },
  (_, index) => agentId(`bench-large-10-0-${index}`, eventTopic("large-10").source),
);

/** An agent that is touched once and is idle after {@link KEY_IDLE_MS}. */
export function keyId(key: number): AgentId {
  return agentId("bench-key", `key-${key}`);
}

/** Milliseconds: longer than it takes to touch all, so that all are there at one time. */
const KEY_IDLE_MS = 30_000;

/** The agents that are touched once. Each has a little state. */
export const keyAgent = defineAgent("bench-key", {
  idleMs: KEY_IDLE_MS,
  state: { initial: () => ({ touched: 0 }) },
  handlers: (on) => [
    on(Upload, async (_bytes, ctx) => {
      ctx.state.touched++;
    }),
  ],
});

/** Deliveries in flight to one listener. */
const LISTENER_WINDOW = 512;

/** One agent type for each subscriber of an event on a worker. */
export function listeners(
  event: EventName,
  worker: number,
  onEvent: () => void,
): AgentDefinition<undefined>[] {
  return Array.from({ length: SUBSCRIBERS[event][worker] ?? 0 }, (_, index) =>
    defineAgent(`bench-${event}-${worker}-${index}`, {
      subscriptions: [eventTopic(event).type],
      // One agent takes everything here: with the default of 16 it would wait for the host most of the time.
      agentWindow: LISTENER_WINDOW,
      handlers: (on) => [on(Happened, async () => onEvent()), on(Upload, async () => undefined)],
    }),
  );
}
