import { AgentId, deadline } from "@agentmesh/proto";
import type { AgentProgram } from "./agent-program.ts";
import { isThenable } from "./thenable.ts";
import type { Workplace } from "./workplace.ts";

/**
 * The last acts of agents that had nothing to do (`onDeactivate`): those that go on after the hook has returned. None is
 * waited for longer than `turnGraceMs`.
 */
export class LastActs {
  readonly #workplace: Workplace;
  /** By the text of the agent's id. */
  readonly #going = new Map<string, Promise<void>>();

  constructor(workplace: Workplace) {
    this.#workplace = workplace;
  }

  /** Lets an agent that is not present any more act for the last time. */
  begin(
    { program }: { readonly program: AgentProgram },
    { key, state }: { readonly key: string; readonly state: unknown },
  ): void {
    if (program.onDeactivate === undefined) return;
    const id = new AgentId(program.type, key);
    try {
      const over = program.onDeactivate(state, id);
      if (isThenable(over)) this.#await(id.text, Promise.resolve(over));
    } catch {
      this.#workplace.counters.failedDeactivations++;
    }
  }

  /** The last act of the agent's earlier presence here; undefined when it is over. */
  of(id: AgentId): Promise<void> | undefined {
    // The text of an id is kept with it: it is not made without need.
    return this.#going.size === 0 ? undefined : this.#going.get(id.text);
  }

  /** Resolves when all those under way are over. */
  async over(): Promise<void> {
    await Promise.all(this.#going.values());
  }

  #await(agent: string, over: Promise<void>): void {
    const { counters, deadlines, turnGraceMs } = this.#workplace;
    const last = new Promise<void>((resolve, reject) => {
      const limit = deadline(() => reject(new Error("its last act took too long")));
      deadlines.arm(limit, turnGraceMs);
      void over.finally(() => deadlines.disarm(limit)).then(resolve, reject);
    })
      .catch(() => {
        counters.failedDeactivations++;
      })
      .then(() => {
        if (this.#going.get(agent) === last) this.#going.delete(agent);
      });
    this.#going.set(agent, last);
  }
}
