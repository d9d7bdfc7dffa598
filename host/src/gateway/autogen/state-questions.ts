/** Questions about the state of agents, as control messages carry them, and what answers them. */
import { failure } from "@agentmesh/proto";
import {
  type Any,
  type ControlMessage,
  LoadStateResponse,
  SaveStateResponse,
} from "@agentmesh/proto/agents";
import { type Content, type Ending, encodeContent } from "@agentmesh/proto/wire";
import { messageTypeOf, PROTOBUF_TYPE, typeUrlOf } from "./media.ts";

/** A question on its way. */
export interface Question {
  readonly message: ControlMessage;
  /** Takes the answer to whoever has asked; an error is one. Called once. */
  answer(rpcMessage: Any): void;
}

/** What answers what. */
const ANSWERS: ReadonlyMap<string, string> = new Map([
  ["agents.SaveStateRequest", "agents.SaveStateResponse"],
  ["agents.LoadStateRequest", "agents.LoadStateResponse"],
]);

/** Name of the message type that answers this one; undefined when it is no question. */
export function answerTo(messageType: string): string | undefined {
  return ANSWERS.get(messageType);
}

/** Whether a control message asks something. */
export function isQuestion({ rpcMessage }: ControlMessage): boolean {
  return answerTo(messageTypeOf(rpcMessage?.typeUrl ?? "")) !== undefined;
}

/** Answers a question with an error. What is no question is passed over. */
export function refuse({ message, answer }: Question, error: string): void {
  const type = answerTo(messageTypeOf(message.rpcMessage?.typeUrl ?? ""));
  if (type === undefined) return;
  const bytes =
    type === "agents.SaveStateResponse"
      ? SaveStateResponse.encode({ state: "", error }).finish()
      : LoadStateResponse.encode({ error }).finish();
  answer({ typeUrl: typeUrlOf(type), value: Buffer.from(bytes) });
}

/** How an answer ends the call that has asked. Of an error nobody can say whether it is the agent's or was told for it. */
export function endingOf({ typeUrl, value }: Any): Ending {
  const messageType = messageTypeOf(typeUrl);
  const error = errorIn(messageType, value);
  if (error === "") return { kind: "reply", content: encodeContent(contentOf(messageType, value)) };
  return { kind: "failed", failure: failure("HANDLER_FAILED", error, { outcome: "unknown" }) };
}

/** A question or an answer as the mesh carries it. */
export function contentOf(messageType: string, data: Uint8Array): Content {
  const rest = { traceparent: "", tracestate: "", metadata: undefined, messageId: "" };
  return { messageType, contentType: PROTOBUF_TYPE, data, ...rest };
}

/** The error that an answer tells; empty when it tells none. */
function errorIn(messageType: string, bytes: Buffer): string {
  const codec = messageType === "agents.SaveStateResponse" ? SaveStateResponse : LoadStateResponse;
  try {
    return codec.decode(bytes).error ?? "";
  } catch {
    return "the answer cannot be read";
  }
}
