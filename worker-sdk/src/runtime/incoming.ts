import { type Failure, failure } from "@agentmesh/proto";
import {
  type Content,
  type DeliverFrame,
  decodeContent,
  type EventFrame,
} from "@agentmesh/proto/wire";
import type { RawMessage } from "../agent/unknown-message.ts";
import { reasonOf } from "../messages/codec.ts";
import type { AgentProgram, ProgramHandler } from "./agent-program.ts";
import { WAKE_NAME } from "./wake.ts";

/** What became of a message on its way to its handler. */
export type Incoming =
  | {
      readonly kind: "ready";
      readonly handler: ProgramHandler;
      readonly content: Content;
      readonly message: unknown;
    }
  /** An event for which the agent has no handler. */
  | { readonly kind: "unhandled" }
  /** The agent has no handler for it and wants it to count as handled, or had only to be woken. */
  | { readonly kind: "ignored" }
  /** `permanent` when no other attempt can cure it. */
  | { readonly kind: "failed"; readonly failure: Failure; readonly permanent: boolean };

const UNHANDLED: Incoming = { kind: "unhandled" };
const IGNORED: Incoming = { kind: "ignored" };

/** Finds the handler of a message and decodes the message for it. Never throws. */
export function readIncoming(program: AgentProgram, frame: DeliverFrame | EventFrame): Incoming {
  try {
    const content = decodeContent(frame.content);
    const handler = program.handlers.get(content.messageType);
    return handler === undefined
      ? withoutHandler(program, frame, content)
      : forHandler(handler, frame, content);
  } catch (thrown) {
    return { kind: "failed", failure: undecodable(thrown), permanent: true };
  }
}

function forHandler(
  handler: ProgramHandler,
  frame: DeliverFrame | EventFrame,
  content: Content,
): Incoming {
  const mismatch = frame.kind === "deliver" ? mismatchOf(handler, frame, content) : undefined;
  if (mismatch !== undefined) return { kind: "failed", failure: mismatch, permanent: false };
  const { message } = handler;
  const decoded = message.reply.kind === "raw" ? raw(content) : message.decode(content);
  return { kind: "ready", handler, content, message: decoded };
}

function withoutHandler(
  program: AgentProgram,
  frame: DeliverFrame | EventFrame,
  content: Content,
): Incoming {
  const { unknown } = program;
  const { messageType } = content;
  if (unknown === "ignore" || messageType === WAKE_NAME) return IGNORED;
  if (unknown !== "reject") return forHandler(unknown, frame, content);
  if (frame.kind === "event") return UNHANDLED;
  const text = `agent type ${program.type} has no handler for ${messageType}`;
  return { kind: "failed", failure: failure("MESSAGE_UNHANDLED", text), permanent: false };
}

/** The data is copied: receivers of one event get their own, and a small message does not hold on to its batch. */
function raw({ messageType, contentType, data }: Content): RawMessage {
  return { messageName: messageType, contentType, data: Buffer.from(data) };
}

/** Send and handler must agree on whether one reply is expected or a stream of them. */
function mismatchOf(
  { message }: ProgramHandler,
  frame: DeliverFrame,
  { messageType }: Content,
): Failure | undefined {
  const isStream = message.reply.kind === "stream";
  if (isStream && frame.streamChunks === 0) {
    return failure("INVALID_ARGUMENT", `${messageType} is answered by a stream; ask with stream()`);
  }
  if (!isStream && frame.streamChunks > 0) {
    return failure("INVALID_ARGUMENT", `${messageType} is not answered by a stream; use send()`);
  }
  return undefined;
}

function undecodable(thrown: unknown): Failure {
  return failure("PAYLOAD_INVALID", reasonOf(thrown));
}
