import { type AgentId, agentId, invalid, type MeshError, meshError, quote } from "@agentmesh/proto";
import { reasonOf } from "../messages/codec.ts";
import type { JsonValue } from "../messages/plain-json.ts";

const FORMAT = "agentmesh.state";
const FORMAT_VERSION = 1;

/** The state of one agent between two turns. */
export interface SavedAgent {
  /** Its type. */
  readonly type: string;
  /** Its key. */
  readonly key: string;
  /** `state.version` of the agent type that saved it. */
  readonly stateVersion: number;
  /** What the agent type made of the state. */
  readonly state: JsonValue;
}

/** The states of agents, as plain JSON: keep it with `JSON.stringify`, load what `JSON.parse` makes of it. */
export interface SavedState {
  /** What it is: `agentmesh.state`. */
  readonly format: typeof FORMAT;
  /** Version of this shape, which is not that of the states in it. */
  readonly formatVersion: typeof FORMAT_VERSION;
  /** One entry for each agent, in no particular order. */
  readonly agents: readonly SavedAgent[];
}

/** A document of these agents. */
export function savedState(agents: readonly SavedAgent[]): SavedState {
  return { format: FORMAT, formatVersion: FORMAT_VERSION, agents };
}

/** An entry of a document, and the agent that it is for. */
export interface SavedEntry {
  readonly id: AgentId;
  readonly stateVersion: number;
  readonly state: unknown;
}

/**
 * Checks the shape of a document, which may come from anywhere. The states in it are not looked at.
 * @throws MeshError `VERSION_UNSUPPORTED` for another version of it, `INVALID_ARGUMENT` when it is something else.
 */
export function readSavedState(document: unknown): SavedEntry[] {
  if (!isObject(document) || document.format !== FORMAT) {
    throw invalid(`a saved state is an object with format ${quote(FORMAT)}, as saveState makes it`);
  }
  const { formatVersion, agents } = document;
  if (formatVersion !== FORMAT_VERSION) throw wrongVersion(formatVersion);
  if (!Array.isArray(agents)) throw invalid("the saved state has no list of agents");
  const seen = new Set<string>();
  return agents.map((agent: unknown, index) => {
    const entry = readEntry(agent, index);
    if (seen.has(entry.id.text)) throw malformed(index, `${entry.id.text} is there twice`);
    seen.add(entry.id.text);
    return entry;
  });
}

/**
 * The one entry of a document, for this agent. The key may differ: a state may be loaded under another one.
 * @throws MeshError `INVALID_ARGUMENT` when there are several, or it is of another agent type.
 */
export function onlyEntry(entries: readonly SavedEntry[], id: AgentId): SavedEntry {
  const [entry] = entries;
  if (entry === undefined || entries.length > 1) {
    throw invalid(`a state for ${id.text} has one agent; the given one has ${entries.length}`);
  }
  if (entry.id.type === id.type) return { ...entry, id };
  throw invalid(`the saved state is one of agent type ${entry.id.type}, not of ${id.type}`);
}

function readEntry(agent: unknown, index: number): SavedEntry {
  if (!isObject(agent)) throw malformed(index, "it is no object");
  const { type, key, stateVersion, state } = agent;
  if (typeof stateVersion !== "number") throw malformed(index, "stateVersion is no number");
  if (state === undefined) throw malformed(index, "state is missing");
  if (typeof type !== "string" || typeof key !== "string") {
    throw malformed(index, "type and key must be texts");
  }
  try {
    return { id: agentId(type, key), stateVersion, state };
  } catch (error) {
    throw malformed(index, reasonOf(error));
  }
}

function malformed(index: number, text: string): MeshError {
  return invalid(`the saved state cannot be read: agents[${index}]: ${text}`);
}

function wrongVersion(version: unknown): MeshError {
  const text = `the saved state has format version ${String(version)}`;
  return meshError(
    "VERSION_UNSUPPORTED",
    `${text}; this SDK reads ${FORMAT_VERSION}: use the SDK that saved it, or a newer one`,
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
