import type { MessageType, NoReply, ReplyType } from "../messages/message-type.ts";
import type { AgentOptions } from "./agent-options.ts";
import { type DefineAgentOptions, defineAgent } from "./define-agent.ts";
import type { AgentDefinition, HandlerEntry } from "./definition.ts";
import type { Handler } from "./handler.ts";

/** Options of {@link closureAgent}. All may be left out. */
export type ClosureOptions = AgentOptions &
  Pick<DefineAgentOptions<undefined>, "onUnknown" | "onSave" | "onLoad">;

/** What handlers of a message type are given. */
type OutputOf<Type> = Type extends MessageType<never, infer Output, ReplyType> ? Output : never;

/**
 * Defines an agent type from one function: without state, often to collect what others publish.
 *
 * `closureAgent("printer", Result, async (result) => console.log(result.text), { defaultSubscription: true })`
 * @throws MeshError `INVALID_ARGUMENT` when the type or an option breaks its grammar or range.
 */
export function closureAgent<Output, Reply extends ReplyType>(
  type: string,
  message: MessageType<never, Output, Reply>,
  handle: Handler<Output, Reply, undefined>,
  options?: ClosureOptions,
): AgentDefinition<undefined>;
/**
 * Defines an agent type from one function for several messages that nothing answers.
 * @throws MeshError `INVALID_ARGUMENT` when two of them have the same name, else as above.
 */
export function closureAgent<Types extends readonly MessageType<never, unknown, NoReply>[]>(
  type: string,
  messages: Types,
  handle: Handler<OutputOf<Types[number]>, NoReply, undefined>,
  options?: ClosureOptions,
): AgentDefinition<undefined>;
export function closureAgent(
  type: string,
  messages:
    | MessageType<never, unknown, ReplyType>
    | readonly MessageType<never, unknown, ReplyType>[],
  handle: HandlerEntry<undefined>["handle"],
  options: ClosureOptions = {},
): AgentDefinition<undefined> {
  const handled = "messageName" in messages ? [messages] : messages;
  return defineAgent(type, {
    ...options,
    handlers: () => handled.map((message) => ({ message, handle })),
  });
}
