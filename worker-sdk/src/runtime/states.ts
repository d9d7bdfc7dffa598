/**
 * Saves and loads the states of the agents of a runtime.
 *
 * S1. A state is read and replaced between two turns of its agent, and all of it at once.
 * S2. A load is checked as a whole before any agent notices.
 * S3. An agent that is not here is woken, and begins with its state instead of one that it makes: no turn sees another.
 */
import { type AgentId, DEFAULTS, type MeshError, meshError } from "@agentmesh/proto";
import type { Activation, Employment, Loaded } from "./activation.ts";
import type { RuntimeCore } from "./core.ts";
import type { Speaker } from "./messaging.ts";
import { Patience, type WaitOptions } from "./patience.ts";
import {
  onlyEntry,
  readSavedState,
  type SavedAgent,
  type SavedEntry,
  type SavedState,
  savedState,
} from "./saved-state.ts";
import { visit } from "./visit.ts";
import { WAKE } from "./wake.ts";

/** What states are saved or loaded, and how long that may take. */
export interface StateScope extends WaitOptions {
  /** Only the state of this agent. Default: all. */
  readonly agent?: AgentId | undefined;
}

/** A state for an agent, ready to be used. */
interface Load extends Loaded {
  readonly id: AgentId;
}

/** How long it may take. */
interface Limit {
  /** Fires when the time is up or the caller gives up. */
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** Agents that are woken at a time. */
const WAKERS = 64;
/** Agents that an error names. */
const MOST_NAMED = 3;

export class States {
  readonly #core: RuntimeCore;
  readonly #speaker: Speaker;

  constructor(core: RuntimeCore, speaker: Speaker) {
    this.#core = core;
    this.#speaker = speaker;
  }

  /** The states of the agents that are here. */
  save(scope: StateScope): Promise<SavedState> {
    return this.#within(scope, async (limit) => {
      const { agent } = scope;
      const met = agent === undefined ? this.#keepers() : [this.#here(agent)];
      const saved = await Promise.all(
        met.map((activation) => visit(activation, saveOne, limit.signal)),
      );
      const agents = saved.filter((entry) => entry !== undefined);
      if (agent !== undefined && agents.length === 0) throw notHere([agent]);
      return savedState(agents);
    });
  }

  /** Replaces states, or makes agents begin with them. */
  load(document: unknown, scope: StateScope): Promise<void> {
    return this.#within(scope, async (limit) => {
      const { agent } = scope;
      const entries = readSavedState(document);
      const meant = agent === undefined ? entries : [onlyEntry(entries, agent)];
      const loads = meant.map((entry) => this.#decode(entry));
      const present = new Map<string, Activation>();
      for (const activation of this.#core.activations.all()) {
        present.set(activation.id.text, activation);
      }
      const isHere = (load: Load): boolean => present.has(load.id.text);
      await Promise.all([
        ...loads.filter(isHere).map((load) => this.#replace(load, present, limit)),
        this.#begin(
          loads.filter((load) => !isHere(load)),
          limit,
        ),
      ]);
    });
  }

  /** Agents here that have something to save. */
  #keepers(): Activation[] {
    const all = [...this.#core.activations.all()];
    return all.filter(({ program }) => program.stateCodec.keepsState);
  }

  #here(id: AgentId): Activation {
    this.#employmentOf(id);
    const activation = this.#core.activations.find(id);
    if (activation !== undefined) return activation;
    throw notHere([id]);
  }

  #employmentOf({ type }: AgentId): Employment {
    const employment = this.#core.registrations.employments.get(type);
    if (employment !== undefined) return employment;
    throw meshError("AGENT_TYPE_UNKNOWN", `agent type ${type} is not registered at this runtime`);
  }

  #decode({ id, state, stateVersion }: SavedEntry): Load {
    const { stateCodec } = this.#employmentOf(id).program;
    return { id, state: stateCodec.load(state, stateVersion, id) };
  }

  async #replace(
    load: Load,
    present: ReadonlyMap<string, Activation>,
    limit: Limit,
  ): Promise<void> {
    const activation = present.get(load.id.text);
    const replace = (found: Activation): true => {
      found.state = load.state;
      return true;
    };
    // It may go before anybody can enter: then it begins anew.
    if (activation === undefined || !(await visit(activation, replace, limit.signal))) {
      await this.#begin([load], limit);
    }
  }

  /** Wakes agents that are not here. All of them are prepared before the first one can be asked anything. */
  async #begin(loads: readonly Load[], limit: Limit): Promise<void> {
    const { activations } = this.#core;
    for (const load of loads) activations.load(load.id, load);
    const waiting = [...loads];
    const elsewhere: AgentId[] = [];
    const wakeOnes = async (): Promise<void> => {
      for (let load = waiting.pop(); load !== undefined; load = waiting.pop()) {
        await this.#wake(load.id, limit);
        if (activations.unload(load.id, load)) elsewhere.push(load.id);
      }
    };
    try {
      await Promise.all(Array.from({ length: WAKERS }, wakeOnes));
    } finally {
      // Of a load that has failed nobody else is woken.
      waiting.length = 0;
      for (const load of loads) activations.unload(load.id, load);
    }
    if (elsewhere.length > 0) throw notHere(elsewhere);
  }

  async #wake(id: AgentId, limit: Limit): Promise<void> {
    try {
      await this.#speaker.ask(id, WAKE, limit);
    } catch (error) {
      throw limit.signal.aborted ? limit.signal.reason : error;
    }
  }

  /** Runs until the time is up or the caller gives up. */
  async #within<Result>(
    scope: StateScope,
    run: (limit: Limit) => Promise<Result>,
  ): Promise<Result> {
    const { timeoutMs = DEFAULTS.timeoutMs } = scope;
    const { clock } = this.#core.workplace;
    const patience = new Patience(clock, scope, timeoutMs, "a turn has not ended in time");
    try {
      return await run({ signal: patience.signal, timeoutMs });
    } finally {
      patience.end();
    }
  }
}

function saveOne({ id, program, state }: Activation): SavedAgent {
  const { stateCodec } = program;
  return {
    type: id.type,
    key: id.key,
    stateVersion: stateCodec.version,
    state: stateCodec.save(state, id),
  };
}

function notHere(ids: readonly AgentId[]): MeshError {
  const named = ids.slice(0, MOST_NAMED).map(({ text }) => text);
  const more = ids.length > MOST_NAMED ? ` and ${ids.length - MOST_NAMED} more` : "";
  const text = `not active in this runtime: ${named.join(", ")}${more}`;
  return meshError("NOT_FOUND", `${text}; ask the worker that runs them`);
}
