/**
 * The agent types and subscriptions of a runtime.
 *
 * G1. A type is at work from the moment when it is announced, because deliveries may arrive before the answer.
 * G2. What was refused leaves no trace, here or at the mesh: the same registration may be tried again.
 * G3. Only what was confirmed is told to a new host; what has no answer yet is asked for once more by the uplink.
 */
import {
  type Clock,
  checkAgentType,
  invalid,
  isTopicType,
  meshError,
  quote,
} from "@agentmesh/proto";
import type { TopicPattern } from "../agent/definition.ts";
import type { AnnouncedSubscription, Announcement, Uplink } from "../connection/mesh-port.ts";
import type { Employment } from "./activation.ts";
import { type AgentProgram, announce } from "./agent-program.ts";
import { IdleList } from "./idle-list.ts";

interface Registration extends Employment {
  isConfirmed: boolean;
}

export class Registrations {
  readonly #clock: Clock;
  readonly #uplink: Uplink;
  readonly #types = new Map<string, Registration>();
  /** Confirmed subscriptions by id. */
  readonly #subscriptions = new Map<string, AnnouncedSubscription>();
  #lastId = 0;

  constructor(clock: Clock, uplink: Uplink) {
    this.#clock = clock;
    this.#uplink = uplink;
  }

  /** Agent types at work, by name. */
  get employments(): ReadonlyMap<string, Employment> {
    return this.#types;
  }

  /** Puts an agent type to work, with its subscriptions. @throws MeshError `AGENT_TYPE_TAKEN`, or why it was refused. */
  async register(program: AgentProgram): Promise<void> {
    const { type } = program;
    if (this.#types.has(type)) {
      throw meshError("AGENT_TYPE_TAKEN", `agent type ${type} is registered already`);
    }
    const idle = new IdleList(this.#clock, program.idleMs, (offered) => this.#uplink.idle(offered));
    const registration: Registration = { program, idle, isConfirmed: false };
    this.#types.set(type, registration);
    try {
      await all([
        this.#uplink.register(announce(program)),
        ...program.subscriptions.map((pattern) => this.subscribe(pattern, type)),
      ]);
      registration.isConfirmed = true;
    } catch (error) {
      await this.#withdraw(registration);
      throw error;
    }
  }

  /** Takes an agent type from work, with all subscriptions of its agents. */
  async unregister(type: string): Promise<void> {
    const registration = this.#types.get(type);
    if (registration === undefined) {
      throw meshError("NOT_FOUND", `agent type ${quote(type)} is not registered`);
    }
    await all([...this.#unsubscribeAll(type), this.#uplink.unregister(type)]);
    this.#remove(registration);
  }

  /** Subscribes the agents of a type. @returns the id of the subscription. */
  async subscribe(pattern: TopicPattern, agentType: string): Promise<string> {
    checkPattern(pattern);
    checkAgentType(agentType);
    this.#lastId++;
    const id = `s${this.#lastId}`;
    const subscription: AnnouncedSubscription = { id, pattern, agentType };
    await this.#uplink.subscribe(subscription);
    this.#subscriptions.set(id, subscription);
    return id;
  }

  /** Ends a subscription. */
  async unsubscribe(id: string): Promise<void> {
    if (!this.#subscriptions.has(id)) {
      throw meshError("SUBSCRIPTION_UNKNOWN", `there is no subscription ${quote(id)}`);
    }
    await this.#uplink.unsubscribe(id);
    this.#subscriptions.delete(id);
  }

  /** What was confirmed. */
  announce(): Pick<Announcement, "types" | "subscriptions"> {
    const confirmed = [...this.#types.values()].filter((type) => type.isConfirmed);
    return {
      types: confirmed.map(({ program }) => announce(program)),
      subscriptions: [...this.#subscriptions.values()],
    };
  }

  /** Stops all timers. */
  close(): void {
    for (const { idle } of this.#types.values()) idle.close();
  }

  #unsubscribeAll(agentType: string): Promise<void>[] {
    const ids: string[] = [];
    for (const { id, agentType: other } of this.#subscriptions.values()) {
      if (other === agentType) ids.push(id);
    }
    return ids.map((id) => this.unsubscribe(id));
  }

  /** Undoes a registration of which a part was refused. */
  async #withdraw(registration: Registration): Promise<void> {
    const { type } = registration.program;
    // What was refused cannot be withdrawn either; the caller is told the first refusal.
    await Promise.allSettled([...this.#unsubscribeAll(type), this.#uplink.unregister(type)]);
    this.#remove(registration);
  }

  #remove(registration: Registration): void {
    registration.idle.close();
    const { type } = registration.program;
    if (this.#types.get(type) === registration) this.#types.delete(type);
  }
}

function checkPattern(pattern: TopicPattern): void {
  const type = "type" in pattern ? pattern.type : pattern.typePrefix;
  const everything = "typePrefix" in pattern && type === "";
  if (everything || isTopicType(type)) return;
  throw invalid(
    `topic type ${quote(type)} is not 1–256 word characters, dots, colons, equals signs and hyphens`,
  );
}

/** Waits for all, also when one fails early. @throws what failed first in the list. */
async function all(steps: readonly Promise<unknown>[]): Promise<void> {
  const outcomes = await Promise.allSettled(steps);
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
}
