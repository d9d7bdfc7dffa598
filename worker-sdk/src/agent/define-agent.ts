import { type AgentId, checkAgentType } from "@agentmesh/proto";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type AgentOptions, resolveAgentOptions } from "./agent-options.ts";
import type { AgentDefinition, HandlerEntry } from "./definition.ts";
import { handlersByName, type On, on } from "./handler.ts";
import { type LoadHook, type SaveHook, stateCodec } from "./state-codec.ts";
import { resolveUnknown, type UnknownPolicy } from "./unknown-message.ts";

/** The private state of the agents of a type. */
export interface StateOptions<State> {
  /** Any Standard Schema that validates synchronously; it checks saved states when they are loaded. Default: no check. */
  readonly schema?: StandardSchemaV1<unknown, State> | undefined;
  /**
   * Version of what `saveState` saves, an integer of 1 or more; raise it when older states cannot be loaded any more.
   * States of another version are refused with `VERSION_UNSUPPORTED`. Default: 1.
   */
  readonly version?: number | undefined;
  /** Makes the state of a new agent. When it throws, the message fails with `ACTIVATION_FAILED`. */
  readonly initial: (id: AgentId) => State | Promise<State>;
}

/** Options of {@link defineAgent}. */
export interface DefineAgentOptions<State> extends AgentOptions {
  /** The agents' private state. Default: none, `ctx.state` is undefined. */
  readonly state?: StateOptions<State> | undefined;
  /** Makes the list of handlers, `[on(Ask, async (ask, ctx) => …), …]`; called once. */
  readonly handlers: (on: On<NoInfer<State>>) => readonly HandlerEntry<NoInfer<State>>[];
  /**
   * What becomes of a message for which there is no handler: `reject` (a send fails with `MESSAGE_UNHANDLED`, an event
   * counts as handled), `ignore`, or a function that gets the content as it arrived. Default: `reject`.
   */
  readonly onUnknown?: UnknownPolicy<NoInfer<State>> | undefined;
  /**
   * Runs when an agent is deactivated (idle, moved, drained, closed), not when its worker is lost. The agent does not
   * begin anew here before this has ended, or has taken the runtime's `turnGraceMs`; it may begin elsewhere before: a
   * state that is saved here and loaded by `initial` needs a store that refuses what is older than what it has, by the
   * `ctx.activation` of the last turn, whose numbers only grow. Default: nothing.
   */
  readonly onDeactivate?:
    | ((state: NoInfer<State>, id: AgentId) => void | Promise<void>)
    | undefined;
  /**
   * Turns the state into plain JSON for `saveState`: for states that are something else, and for agents that keep what
   * they know elsewhere. Synchronous, between turns; together with `onLoad`. Default: the state itself is plain JSON.
   */
  readonly onSave?: SaveHook<NoInfer<State>> | undefined;
  /**
   * Makes the state from plain JSON for `loadState`, in place of `state.schema`. Synchronous, before any turn. It runs
   * while all that is to be loaded is checked, also for a load that is refused in the end: it must have no other effect
   * than what it returns, which is `ctx.state` from then on. What it
   * throws refuses the load with `PAYLOAD_INVALID`. Default: what was saved, checked by `state.schema`.
   */
  readonly onLoad?: LoadHook<NoInfer<State>> | undefined;
}

/** Demands the option `state` of who names a type of state. */
type WithState<State> = [State] extends [undefined]
  ? unknown
  : {
      /** There must be one. */
      readonly state: object;
    };

/**
 * Defines an agent type: the code of all agents `type/…`. Each of them has its own state and handles one message at a
 * time.
 * @param type 1–128 word characters, dots and hyphens.
 * @throws MeshError `INVALID_ARGUMENT` when the type or an option breaks its grammar or range, and when two handlers
 * are for the same message.
 */
export function defineAgent<State = undefined>(
  type: string,
  options: DefineAgentOptions<State> & WithState<State>,
): AgentDefinition<State> {
  checkAgentType(type);
  return {
    type,
    ...resolveAgentOptions(type, options),
    handlers: handlersByName(type, options.handlers(on)),
    unknown: resolveUnknown(type, options.onUnknown ?? "reject"),
    createState: options.state?.initial ?? noState,
    stateCodec: stateCodec(type, options),
    onDeactivate: options.onDeactivate,
  };
}

function noState<State>(): State {
  // Without the option `state`, State is its default.
  return undefined as State;
}
