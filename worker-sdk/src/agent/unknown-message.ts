import { invalid } from "@agentmesh/proto";
import type { EncodedPayload, MessageType, NoReply } from "../messages/message-type.ts";
import type { AgentContext } from "./context.ts";
import type { HandlerEntry } from "./definition.ts";

/** A message as it arrived, of a type for which there is no handler. */
export interface RawMessage extends EncodedPayload {
  /** Name of its type on the wire. */
  readonly messageName: string;
}

/** Handles messages for which there is no other handler. Nothing answers them. */
export type RawHandler<State> = (
  message: RawMessage,
  context: AgentContext<State>,
) => void | Promise<void>;

/**
 * What becomes of a message for which an agent type has no handler. `reject`: a send fails with `MESSAGE_UNHANDLED`, and
 * an event counts as handled and in `counters.unhandledEvents`. `ignore`: both count as handled; a sender that expects a
 * reply gets `PAYLOAD_INVALID`, because nothing came. A function handles it, and otherwise it is as with `ignore`.
 */
export type UnknownPolicy<State> = "reject" | "ignore" | RawHandler<State>;

/** {@link UnknownPolicy} with a handler like any other. */
export type ResolvedUnknown<State> = "reject" | "ignore" | HandlerEntry<State>;

/** The message type of every message for which there is no handler. No message of its own is ever named like it. */
const RAW: MessageType<never, unknown, NoReply> = {
  messageName: "",
  reply: { kind: "none" },
  encode() {
    throw invalid("a raw message cannot be sent");
  },
  decode: (payload) => payload,
};

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
