import type { AgentId } from "@agentmesh/proto";
import type { MessageType, ReplyType } from "../messages/message-type.ts";
import type { AgentContext } from "./context.ts";
import type { StateCodec } from "./state-codec.ts";
import type { ResolvedUnknown } from "./unknown-message.ts";

/** One handler, with its types erased: what the runtime calls. */
export interface HandlerEntry<State> {
  /** The message type that it handles. */
  readonly message: MessageType<never, unknown, ReplyType>;
  /** Handles one message: returns the reply, nothing, or an async iterable of replies, as `message.reply` says. */
  handle(message: unknown, context: AgentContext<State>): unknown;
}

/** A subscription that comes with an agent type: its agents get the events with the topic's source as their key. */
export type TopicPattern =
  | {
      /** Topics of this type. */
      readonly type: string;
    }
  | {
      /** Topics of all types that begin like this. */
      readonly typePrefix: string;
    };

/** Runs when an agent is deactivated. As a method, for the reason that {@link AgentDefinition} gives. */
type DeactivateHook<State> = {
  /** @param state of the agent `id`. */
  run(state: State, id: AgentId): void | Promise<void>;
}["run"];

/**
 * An agent type as `defineAgent` makes it and a runtime runs it. Everything is resolved: no option is missing. A runtime
 * hands each handler only the state that the definition itself has made: so what takes a state is a method, and any
 * definition is an `AgentDefinition<unknown>`, in a list of them as well.
 */
export interface AgentDefinition<State> {
  /** Name of the type. */
  readonly type: string;
  /** One sentence for people; may be empty. */
  readonly description: string;
  /** Handlers by message name. */
  readonly handlers: ReadonlyMap<string, HandlerEntry<State>>;
  /** What becomes of other messages. */
  readonly unknown: ResolvedUnknown<State>;
  /** Makes the state of a new agent. May throw: then the message fails with `ACTIVATION_FAILED`. */
  readonly createState: (id: AgentId) => State | Promise<State>;
  /** How states are saved and loaded. */
  readonly stateCodec: StateCodec<State>;
  /** Topics that every agent of the type is subscribed to. */
  readonly subscriptions: readonly TopicPattern[];
  /** Turns of one agent that may run at the same time; 1 unless raised. */
  readonly concurrency: number;
  /** Milliseconds of idleness after which an agent is deactivated; 0 never. */
  readonly idleMs: number;
  /** Milliseconds after which a turn is signalled, then abandoned; 0 uses the runtime's default. */
  readonly maxTurnMs: number;
  /** Deliveries in flight to one agent; 0 uses the host's default. */
  readonly agentWindow: number;
  /**
   * Runs when an agent is deactivated (idle, moved, drained, closed), not when its worker is lost. The agent does not
   * begin anew here before it is over, or has taken the runtime's `turnGraceMs`.
   */
  readonly onDeactivate: DeactivateHook<State> | undefined;
}
