/** Messages, names and agents of the bench on AgentMesh. */
import {
  type AgentDefinition,
  type AgentId,
  agentId,
  defineAgent,
  defineMessage,
  type TopicId,
  topicId,
} from "@agentmesh/worker-sdk";
import { type EventName, KEY_COUNT, SUBSCRIBERS } from "../../scenario.ts";
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

/** Answers what it is asked. */
export const echoAgent = defineAgent("bench-echo", {
  handlers: (on) => [
    on(Echo, async (bytes) => bytes),
    on(TypedEcho, async (note) => ({ ...note })),
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
      handlers: (on) => [on(Happened, async () => onEvent())],
    }),
  );
}
