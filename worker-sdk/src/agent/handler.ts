import { invalid } from "@agentmesh/proto";
import type { MessageType, OneReply, ReplyType, StreamReply } from "../messages/message-type.ts";
import type { AgentContext } from "./context.ts";
import type { HandlerEntry } from "./definition.ts";

/**
 * Handles one message and returns what its message type says: one reply (or its promise), an async iterable of replies,
 * or nothing. Throw an `AppError` to answer with an error of the application. `context` is valid until the handler has
 * returned, or its iterable has ended.
 */
// Conditional as a whole: only then does the compiler know the reply before it looks at a handler without parameters,
// and keeps the literals that such a handler returns.
export type Handler<Output, Reply extends ReplyType, State> =
  Reply extends OneReply<infer Input, unknown>
    ? (message: Output, context: AgentContext<State>) => Input | Promise<Input>
    : Reply extends StreamReply<infer Input, unknown>
      ? (message: Output, context: AgentContext<State>) => AsyncIterable<Input>
      : (message: Output, context: AgentContext<State>) => void | Promise<void>;

/** Ties a message type to its handler: the `on` that `defineAgent` hands to `handlers`. */
export type On<State> = <Output, Reply extends ReplyType>(
  message: MessageType<never, Output, Reply>,
  handle: Handler<Output, Reply, State>,
) => HandlerEntry<State>;

/** Ties a message type to its handler. */
export function on<Output, Reply extends ReplyType, State>(
  message: MessageType<never, Output, Reply>,
  handle: Handler<Output, Reply, State>,
): HandlerEntry<State> {
  // The runtime hands over only what this message type has decoded.
  return { message, handle: handle as HandlerEntry<State>["handle"] };
}

/**
 * Handlers by the name of their message.
 * @throws MeshError `INVALID_ARGUMENT` when two handle the same one.
 */
export function handlersByName<State>(
  agentType: string,
  entries: readonly HandlerEntry<State>[],
): ReadonlyMap<string, HandlerEntry<State>> {
  const byName = new Map<string, HandlerEntry<State>>();
  for (const entry of entries) {
    const name = entry.message.messageName;
    if (byName.has(name))
      throw invalid(`agent type ${agentType}: handlers has two entries for message ${name}`);
    byName.set(name, entry);
  }
  return byName;
}
