import { type AgentId, MeshError, meshError } from "@agentmesh/proto";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { reasonOf } from "../messages/codec.ts";
import { type JsonValue, plainJson } from "../messages/plain-json.ts";
import { schemaParser } from "../messages/schema-check.ts";

/** How the states of the agents of a type are saved and loaded. Everything is resolved. */
export interface StateCodec<State> {
  /** Whether there is anything to save. */
  readonly keepsState: boolean;
  /** Version of what is saved. */
  readonly version: number;
  /** A copy of a state as plain JSON. @throws MeshError `PAYLOAD_INVALID` when it is something else. */
  save(state: State, id: AgentId): JsonValue;
  /**
   * The state from what was saved.
   * @throws MeshError `VERSION_UNSUPPORTED` when it is of another version, `PAYLOAD_INVALID` when it does not fit.
   */
  load(saved: unknown, version: number, id: AgentId): State;
}

/** Turns a state into plain JSON. Synchronous: no turn may run meanwhile. */
export type SaveHook<State> = (state: State, id: AgentId) => unknown;
/** Makes a state from plain JSON. Synchronous, as {@link SaveHook}. */
export type LoadHook<State> = (saved: unknown, id: AgentId) => State;

/** What of the options of an agent type its codec is made of. */
export interface StateCodecOptions<State> {
  readonly state?:
    | {
        readonly schema?: StandardSchemaV1<unknown, State> | undefined;
        readonly version?: number | undefined;
      }
    | undefined;
  readonly onSave?: SaveHook<State> | undefined;
  readonly onLoad?: LoadHook<State> | undefined;
}

const FIRST_VERSION = 1;

/** @throws MeshError `INVALID_ARGUMENT` when the version is no integer of 1 or more, or one hook is without the other. */
export function stateCodec<State>(
  type: string,
  { state, onSave, onLoad }: StateCodecOptions<State>,
): StateCodec<State> {
  const version = state?.version ?? FIRST_VERSION;
  if (!Number.isSafeInteger(version) || version < 1) {
    throw wrongOption(type, `state.version must be an integer of 1 or more, not ${version}`);
  }
  if ((onSave === undefined) !== (onLoad === undefined)) {
    throw wrongOption(type, "onSave and onLoad belong together: give both or neither");
  }
  const keepsState = state !== undefined || onSave !== undefined;
  const refuse = (reason: string, cause?: unknown): MeshError =>
    meshError("PAYLOAD_INVALID", `saved state of agent type ${type}: ${reason}`, { cause });
  const parse = parser(keepsState, state?.schema, onLoad, refuse);
  return {
    keepsState,
    version,
    save(current, id) {
      if (!keepsState) return null;
      const given = onSave === undefined ? current : guarded(() => onSave(current, id), refuse);
      return plainJson(given, (reason) => refuse(`${reason}${onSave === undefined ? HINT : ""}`));
    },
    load(saved, savedVersion, id) {
      if (savedVersion !== version) throw wrongVersion(type, savedVersion, version);
      return parse(plainJson(saved, refuse), id);
    },
  };
}

type Refuse = (reason: string, cause?: unknown) => MeshError;

const HINT = "; give onSave and onLoad that turn the state into plain JSON and back";

function parser<State>(
  keepsState: boolean,
  schema: StandardSchemaV1<unknown, State> | undefined,
  onLoad: LoadHook<State> | undefined,
  refuse: Refuse,
): (saved: JsonValue, id: AgentId) => State {
  if (onLoad !== undefined) return (saved, id) => guarded(() => onLoad(saved, id), refuse);
  if (schema !== undefined) return schemaParser(schema, refuse);
  return (saved) => {
    if (!keepsState && saved !== null) throw refuse("agents of this type keep no state");
    // Without a schema, what this type saved is taken to be what it loads.
    return (keepsState ? saved : undefined) as State;
  };
}

/** What a hook returns. What it throws becomes a refusal, unless it is one already. */
function guarded<Result>(run: () => Result, refuse: Refuse): Result {
  try {
    return run();
  } catch (thrown) {
    throw thrown instanceof MeshError ? thrown : refuse(reasonOf(thrown), thrown);
  }
}

function wrongVersion(type: string, saved: number, own: number): MeshError {
  const text = `saved state of agent type ${type} has version ${saved}; this one loads version ${own}`;
  return meshError("VERSION_UNSUPPORTED", `${text}: convert it, or run what saved it`);
}

function wrongOption(type: string, text: string): MeshError {
  return meshError("INVALID_ARGUMENT", `agent type ${type}: ${text}`);
}
