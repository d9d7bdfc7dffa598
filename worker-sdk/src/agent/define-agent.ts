import { type AgentId, checkAgentType, meshError } from "@agentmesh/proto";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { schemaParser } from "../messages/schema-check.ts";
import { type AgentOptions, resolveAgentOptions } from "./agent-options.ts";
import type { AgentDefinition, HandlerEntry } from "./definition.ts";
import { handlersByName, type On, on } from "./handler.ts";
import { resolveUnknown, type UnknownPolicy } from "./unknown-message.ts";

/** The private state of the agents of a type. */
export interface StateOptions<State> {
  /** Any Standard Schema that validates synchronously; it checks saved states when they are loaded. Default: no check. */
  readonly schema?: StandardSchemaV1<unknown, State>;
  /** Makes the state of a new agent. When it throws, the message fails with `ACTIVATION_FAILED`. */
  readonly initial: (id: AgentId) => State | Promise<State>;
}

/** Options of {@link defineAgent}. */
export interface DefineAgentOptions<State> extends AgentOptions {
  /** The agents' private state. Default: none, `ctx.state` is undefined. */
  readonly state?: StateOptions<State>;
  /** Makes the list of handlers, `[on(Ask, async (ask, ctx) => …), …]`; called once. */
  readonly handlers: (on: On<NoInfer<State>>) => readonly HandlerEntry<NoInfer<State>>[];
  /**
   * What becomes of a message for which there is no handler: `reject` (a send fails with `MESSAGE_UNHANDLED`, an event
   * counts as handled), `ignore`, or a function that gets the content as it arrived. Default: `reject`.
   */
  readonly onUnknown?: UnknownPolicy<NoInfer<State>>;
  /** Runs when an agent is deactivated (idle, moved, drained, closed), not when its worker is lost. Default: nothing. */
  readonly onDeactivate?: (state: NoInfer<State>, id: AgentId) => void | Promise<void>;
}

/** Demands the option `state` of who names a type of state. */
type WithState<State> = [State] extends [undefined] ? unknown : { readonly state: object };

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
    parseState: stateParser(type, options.state),
    onDeactivate: options.onDeactivate,
  };
}

function noState<State>(): State {
  // Without the option `state`, State is its default.
  return undefined as State;
}

function stateParser<State>(
  type: string,
  options: StateOptions<State> | undefined,
): (saved: unknown) => State {
  if (options === undefined) return noState;
  // Without a schema, what this type saved is taken to be what it loads.
  if (options.schema === undefined) return (saved) => saved as State;
  return schemaParser(options.schema, (reason, cause) =>
    meshError("PAYLOAD_INVALID", `saved state of agent type ${type}: ${reason}`, { cause }),
  );
}
