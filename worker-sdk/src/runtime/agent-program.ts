import type { AgentDefinition } from "../agent/definition.ts";
import type { AnnouncedType, HandledMessage } from "../connection/mesh-port.ts";
import type { MessageType, ReplyType } from "../messages/message-type.ts";
import type { TurnContext } from "./turn-context.ts";

/** One handler with the type of the agent's state erased. */
export interface ProgramHandler<Context = TurnContext> {
  readonly message: MessageType<never, unknown, ReplyType>;
  handle(message: unknown, context: Context): unknown;
}

/**
 * An agent type with the type of its state erased: what turns run. Any `AgentDefinition` is one for a context that is an
 * `AgentContext` and nothing more.
 */
export interface AgentProgram<Context = TurnContext>
  extends Pick<
    AgentDefinition<unknown>,
    | "type"
    | "description"
    | "subscriptions"
    | "concurrency"
    | "idleMs"
    | "maxTurnMs"
    | "agentWindow"
    | "createState"
    | "stateCodec"
    | "onDeactivate"
  > {
  readonly handlers: ReadonlyMap<string, ProgramHandler<Context>>;
  readonly unknown: "reject" | "ignore" | ProgramHandler<Context>;
}

/** What others are told of an agent type. `maxTurnMs` is that of the worker, for types without one of their own. */
export function announce(program: AgentProgram, maxTurnMs: number): AnnouncedType {
  return {
    name: program.type,
    description: program.description,
    handles: [...program.handlers.values()].map(handled),
    agentWindow: program.agentWindow,
    maxTurnMs: program.maxTurnMs || maxTurnMs,
    concurrency: program.concurrency,
  };
}

function handled({ message }: ProgramHandler): HandledMessage {
  const { reply } = message;
  return {
    messageType: message.messageName,
    replyType: "type" in reply ? reply.type.messageName : "",
    replyStream: reply.kind === "stream",
    describe: () => message.describe?.(),
  };
}
