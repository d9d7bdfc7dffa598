import { invalid, meshError } from "@agentmesh/proto";
import type { EncodedPayload, MessageType, RawReply } from "../messages/message-type.ts";
import type { AgentContext } from "./context.ts";
import type { HandlerEntry } from "./definition.ts";

/** A message as it is on the wire: one that arrived and for which there is no handler, or the reply to it. */
export interface RawMessage extends EncodedPayload {
  /** Name of its type on the wire. */
  readonly messageName: string;
}

/**
 * Handles messages for which there is no other handler. What it returns answers a send that expects one reply:
 * `{ messageName: Answer.messageName, ...Answer.encode(answer) }`; nothing does for a send that expects none, and for events.
 */
export type RawHandler<State> = (
  message: RawMessage,
  context: AgentContext<State>,
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler that answers nothing returns nothing
) => void | RawMessage | Promise<void | RawMessage>;

/**
 * What becomes of a message for which an agent type has no handler. `reject`: a send fails with `MESSAGE_UNHANDLED`, and
 * an event counts as handled and in `counters.unhandledEvents`. `ignore`: both count as handled; a sender that expects a
 * reply gets `PAYLOAD_INVALID`, because nothing came. A function handles it, and may answer; a stream of replies it cannot
 * give, and who asks for one gets `INVALID_ARGUMENT`.
 */
export type UnknownPolicy<State> = "reject" | "ignore" | RawHandler<State>;

/** {@link UnknownPolicy} with a handler like any other. */
export type ResolvedUnknown<State> = "reject" | "ignore" | HandlerEntry<State>;

/** The message type of every message for which there is no handler. No message is named like it, none passes its codec. */
const RAW: MessageType<never, unknown, RawReply> = {
  messageName: "",
  reply: { kind: "raw" },
  encode() {
    throw invalid("a raw message cannot be sent");
  },
  decode() {
    throw invalid("a raw message is not decoded");
  },
};

/** What a raw handler returned. @throws MeshError `PAYLOAD_INVALID` when it is no message. */
export function checkRaw(returned: unknown): RawMessage {
  const { messageName, contentType, data } = Object(returned) as Partial<RawMessage>;
  if (messageName && typeof contentType === "string" && data instanceof Uint8Array) {
    return { messageName, contentType, data };
  }
  throw meshError(
    "PAYLOAD_INVALID",
    "onUnknown returned no message: { messageName, contentType, data }",
  );
}

/** @throws MeshError `INVALID_ARGUMENT` when it is none of them. */
export function resolveUnknown<State>(
  agentType: string,
  policy: UnknownPolicy<State>,
): ResolvedUnknown<State> {
  if (policy === "reject" || policy === "ignore") return policy;
  if (typeof policy !== "function") {
    throw invalid(`agent type ${agentType}: onUnknown must be "reject", "ignore" or a function`);
  }
  // The runtime hands over what arrived, and nothing else.
  return { message: RAW, handle: policy as HandlerEntry<State>["handle"] };
}
