/**
 * What a session has announced: agent types and subscriptions. They live as long as the session, over suspension and
 * lapse, and go with it.
 */
import { type Failure, failure, isAgentType, LIMITS, quote } from "@agentmesh/proto";
import type { AgentType as AgentTypeMessage, Subscription } from "@agentmesh/proto/agentmesh/v1";
import type { Agent } from "../delivery/agent.ts";
import type { Dispatcher } from "../delivery/dispatcher.ts";
import type { Namespace } from "../delivery/namespace.ts";
import type { Worker } from "../delivery/worker.ts";
import type { AgentType, AgentTypeDescription } from "../directory/agent-type.ts";
import type { SubscriptionEntry } from "../directory/subscriptions.ts";
import { matchOf } from "./durable-codec.ts";

export interface RegistrationLimits {
  /** Agent types of one session. */
  readonly agentTypes: number;
  /** Subscriptions of one session. */
  readonly subscriptions: number;
}

const NO_SCHEMA = Buffer.alloc(0);

export class Registrations {
  readonly #namespace: Namespace;
  readonly #worker: Worker;
  readonly #dispatcher: Dispatcher;
  readonly #limits: RegistrationLimits;
  readonly #types = new Map<string, AgentType<Worker, Agent>>();
  readonly #subscriptions = new Map<string, SubscriptionEntry>();

  constructor(
    namespace: Namespace,
    worker: Worker,
    dispatcher: Dispatcher,
    limits: RegistrationLimits,
  ) {
    this.#namespace = namespace;
    this.#worker = worker;
    this.#dispatcher = dispatcher;
    this.#limits = limits;
  }

  /** Names of the announced agent types. */
  get typeNames(): string[] {
    return [...this.#types.keys()];
  }

  /** The declared subscriptions. */
  get subscriptions(): Iterable<SubscriptionEntry> {
    return this.#subscriptions.values();
  }

  /** An announced agent type. */
  type(name: string): AgentType<Worker, Agent> | undefined {
    return this.#types.get(name);
  }

  /** Announces an agent type. @returns why not. */
  register(message: AgentTypeMessage): Failure | undefined {
    const { name } = message;
    if (!isAgentType(name))
      return failure("INVALID_ARGUMENT", `agent type ${quote(name)} breaks the grammar`);
    if (this.#types.has(name))
      return failure("AGENT_TYPE_TAKEN", `agent type ${quote(name)} is registered already`);
    if (this.#types.size >= this.#limits.agentTypes) {
      return failure("OVERLOADED", `a session may announce ${this.#limits.agentTypes} agent types`);
    }
    const type = this.#namespace.type(name);
    type.add(this.#worker, message);
    type.described = describe(message);
    this.#types.set(name, type);
    this.#dispatcher.typeAvailable(type);
    return undefined;
  }

  /** Withdraws an agent type: its agents on this worker finish what they have and move. @returns why not. */
  unregister(name: string): Failure | undefined {
    const type = this.#types.get(name);
    if (type === undefined)
      return failure("AGENT_TYPE_UNKNOWN", `agent type ${quote(name)} is not registered`);
    this.#withdraw(type);
    this.#dispatcher.move(this.#worker, type);
    return undefined;
  }

  /** Declares a subscription. @returns why not. */
  subscribe(message: Subscription): Failure | undefined {
    const entry = entryOf(message);
    if ("code" in entry) return entry;
    const known = this.#subscriptions.get(entry.id);
    if (known !== undefined) {
      if (isSame(known, entry)) return undefined;
      return failure(
        "SUBSCRIPTION_CONFLICT",
        `subscription ${quote(entry.id)} exists with other options`,
      );
    }
    if (this.#subscriptions.size >= this.#limits.subscriptions) {
      return failure(
        "OVERLOADED",
        `a session may declare ${this.#limits.subscriptions} subscriptions`,
      );
    }
    this.#subscriptions.set(entry.id, entry);
    this.#namespace.subscriptions.add(entry, entry);
    return undefined;
  }

  /** Ends a subscription. @returns why not. */
  unsubscribe(id: string): Failure | undefined {
    const entry = this.#subscriptions.get(id);
    if (entry === undefined)
      return failure("SUBSCRIPTION_UNKNOWN", `there is no subscription ${quote(id)}`);
    this.#subscriptions.delete(id);
    this.#namespace.subscriptions.remove(entry, entry);
    return undefined;
  }

  /** The worker can take agents again. */
  available(): void {
    for (const type of this.#types.values()) this.#dispatcher.typeAvailable(type);
  }

  /** Everything goes. The worker has lost its agents before. */
  clear(): void {
    for (const entry of this.#subscriptions.values())
      this.#namespace.subscriptions.remove(entry, entry);
    this.#subscriptions.clear();
    for (const type of this.#types.values()) this.#withdraw(type);
  }

  #withdraw(type: AgentType<Worker, Agent>): void {
    this.#types.delete(type.name);
    type.remove(this.#worker);
    if (!type.isKnown) this.#dispatcher.typeGone(type);
    this.#namespace.retireType(type);
  }
}

/** What of an announcement is remembered: a copy, for the announcement holds on to all that arrived with it. */
function describe({ description, handles }: AgentTypeMessage): AgentTypeDescription {
  const bytes = handles.reduce((sum, { schema }) => sum + schema.length, 0);
  const fits = bytes <= LIMITS.typeSchemaBytes;
  return {
    description,
    handles: handles.map((handled) =>
      fits
        ? { ...handled, schema: Buffer.from(handled.schema) }
        : { ...handled, schemaType: "", schema: NO_SCHEMA },
    ),
  };
}

function entryOf(message: Subscription): SubscriptionEntry | Failure {
  const { id, agentType } = message;
  if (id === "" || Buffer.byteLength(id) > 128)
    return failure("INVALID_ARGUMENT", "a subscription id has 1–128 bytes");
  if (!isAgentType(agentType))
    return failure("INVALID_ARGUMENT", `agent type ${quote(agentType)} breaks the grammar`);
  const match = matchOf(message);
  if ("code" in match) return match;
  return { id, match, agentType };
}

function isSame(one: SubscriptionEntry, other: SubscriptionEntry): boolean {
  return (
    one.agentType === other.agentType &&
    one.match.kind === other.match.kind &&
    one.match.text === other.match.text
  );
}
