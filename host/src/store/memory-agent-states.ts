import type { AgentStateKey, AgentStateRecord, AgentStateStore, WriteOutcome } from "./ports.ts";

const CONFLICT: WriteOutcome = { kind: "conflict" };

interface Kept {
  readonly state: AgentStateRecord;
  readonly revision: number;
}

/** States that are gone when the process ends. */
export class MemoryAgentStates implements AgentStateStore {
  readonly #kept = new Map<string, Kept>();

  async load(key: AgentStateKey): Promise<Kept | undefined> {
    return this.#kept.get(textOf(key));
  }

  async save(key: AgentStateKey, state: AgentStateRecord, revision: number): Promise<WriteOutcome> {
    if ((this.#kept.get(textOf(key))?.revision ?? 0) !== revision) return CONFLICT;
    // A copy of its own: who saved it may write to it.
    const data = Uint8Array.from(state.data);
    this.#kept.set(textOf(key), { state: { ...state, data }, revision: revision + 1 });
    return { kind: "written", revision: revision + 1 };
  }

  async remove(key: AgentStateKey, revision: number): Promise<WriteOutcome> {
    if (this.#kept.get(textOf(key))?.revision !== revision) return CONFLICT;
    this.#kept.delete(textOf(key));
    return { kind: "written", revision: revision + 1 };
  }
}

/** Neither a namespace nor an agent type holds a slash. */
function textOf({ namespace, agent }: AgentStateKey): string {
  return `${namespace}/${agent.text}`;
}
