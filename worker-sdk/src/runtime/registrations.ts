/**
 * The agent types and subscriptions of a runtime.
 *
 * G1. A type is at work from the moment when it is announced, because deliveries may arrive before the answer.
 * G2. What was refused or given up leaves no trace, here or at the mesh: the same registration may be tried again. A
 *     durable subscription that was given up may be there: others may rely on it, whoever declared it first.
 * G3. A new host is told each type and each subscription that was confirmed, whatever was asked for together with it.
 *     It is not asked to change a durable one: others may have done so since.
 */
import {
  type Clock,
  checkAgentType,
  DEFAULTS,
  invalid,
  isTopicType,
  meshError,
  quote,
} from "@agentmesh/proto";
import type { TopicPattern } from "../agent/definition.ts";
import type {
  AnnouncedDurable,
  AnnouncedSubscription,
  Announcement,
  Uplink,
} from "../connection/mesh-port.ts";
import type { Employment } from "./activation.ts";
import { type AgentProgram, announce } from "./agent-program.ts";
import { type Ask, all, Claim, makeAll } from "./claim.ts";
import { type DurableOptions, resolveDurable } from "./durable-options.ts";
import { Patience, type WaitOptions } from "./patience.ts";
import { Resting } from "./resting.ts";

/** How to subscribe. */
export interface SubscribeOptions extends WaitOptions {
  /** Keeps the events on the host's disk until they are handled. Default: none, they are gone with the host. */
  readonly durable?: DurableOptions | undefined;
}

interface Registration extends Employment {
  /** What runs: as it was registered, or with interceptors around it. */
  program: AgentProgram;
  readonly claim: Claim;
}

interface Subscription {
  readonly announced: AnnouncedSubscription;
  readonly claim: Claim;
}

export class Registrations {
  readonly #clock: Clock;
  readonly #uplink: Uplink;
  readonly #maxTurnMs: number;
  readonly #types = new Map<string, Registration>();
  readonly #subscriptions = new Map<string, Subscription>();
  #lastId = 0;
  #wrap: ((program: AgentProgram) => AgentProgram) | undefined;

  /** `maxTurnMs`: how long turns may take whose agent type does not say. */
  constructor(clock: Clock, uplink: Uplink, maxTurnMs: number) {
    this.#clock = clock;
    this.#uplink = uplink;
    this.#maxTurnMs = maxTurnMs;
  }

  /** Agent types at work, by name. */
  get employments(): ReadonlyMap<string, Employment> {
    return this.#types;
  }

  /** Puts something around all agent types, those at work and those to come. */
  wrap(wrap: (program: AgentProgram) => AgentProgram): void {
    this.#wrap = wrap;
    for (const type of this.#types.values()) type.program = wrap(type.program);
  }

  /** Puts an agent type to work, with its subscriptions. @throws MeshError `AGENT_TYPE_TAKEN`, or why it was refused. */
  async register(program: AgentProgram, options: WaitOptions): Promise<void> {
    const { type } = program;
    if (this.#types.has(type)) {
      throw meshError("AGENT_TYPE_TAKEN", `agent type ${type} is registered already`);
    }
    program.subscriptions.forEach(checkPattern);
    await this.#within(options, async (signal) => {
      const registration = this.#newRegistration(program);
      const parts = program.subscriptions.map((pattern) => this.#newSubscription(pattern, type));
      try {
        await makeAll([registration.claim, ...parts.map(({ claim }) => claim)], signal);
      } catch (error) {
        for (const { announced } of parts) this.#subscriptions.delete(announced.id);
        this.#remove(registration);
        throw error;
      }
    });
  }

  /** Takes an agent type from work, with all subscriptions of its agents. */
  async unregister(type: string, options: WaitOptions): Promise<void> {
    const registration = this.#types.get(type);
    if (registration === undefined) {
      throw meshError("NOT_FOUND", `agent type ${quote(type)} is not registered`);
    }
    const theirs = [...this.#subscriptions.values()].filter(
      ({ announced }) => announced.agentType === type,
    );
    await this.#within(options, (signal) =>
      all([...theirs.map((part) => this.#end(part, signal)), registration.claim.drop(signal)]),
    );
    this.#remove(registration);
  }

  /** Subscribes the agents of a type. @returns the id of the subscription. */
  async subscribe(
    pattern: TopicPattern,
    agentType: string,
    options: SubscribeOptions,
  ): Promise<string> {
    checkPattern(pattern);
    checkAgentType(agentType);
    const durable = options.durable === undefined ? undefined : resolveDurable(options.durable);
    return this.#within(options, async (signal) => {
      const { announced, claim } = this.#newSubscription(pattern, agentType, durable);
      try {
        await makeAll([claim], signal);
      } catch (error) {
        this.#subscriptions.delete(announced.id);
        throw error;
      }
      return announced.id;
    });
  }

  /** Ends a subscription. */
  async unsubscribe(id: string, options: WaitOptions): Promise<void> {
    const subscription = this.#subscriptions.get(id);
    if (subscription === undefined) {
      throw meshError("SUBSCRIPTION_UNKNOWN", `there is no subscription ${quote(id)}`);
    }
    const { durable } = subscription.announced;
    const end = durable && ((signal: AbortSignal) => this.#uplink.endDurable(durable.name, signal));
    await this.#within(options, (signal) => this.#end(subscription, signal, end));
  }

  /** What was confirmed. */
  announce(): Pick<Announcement, "types" | "subscriptions"> {
    return {
      types: confirmed(this.#types).map(({ program }) => announce(program, this.#maxTurnMs)),
      subscriptions: confirmed(this.#subscriptions).map(({ announced }) =>
        withoutUpdate(announced),
      ),
    };
  }

  /** Stops all timers. */
  close(): void {
    for (const { resting } of this.#types.values()) resting.close();
  }

  async #within<Result>(
    options: WaitOptions,
    run: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const patience = new Patience(this.#clock, options, DEFAULTS.timeoutMs);
    try {
      return await run(patience.signal);
    } finally {
      patience.end();
    }
  }

  #newRegistration(program: AgentProgram): Registration {
    const { type, idleMs } = program;
    const uplink = this.#uplink;
    const registration = {
      program: this.#wrap?.(program) ?? program,
      resting: new Resting(this.#clock, idleMs, (offered) => uplink.idle(offered)),
      claim: new Claim(
        (signal) => uplink.register(announce(program, this.#maxTurnMs), signal),
        (signal) => uplink.unregister(type, signal),
      ),
    };
    this.#types.set(type, registration);
    return registration;
  }

  #newSubscription(
    pattern: TopicPattern,
    agentType: string,
    durable?: AnnouncedDurable,
  ): Subscription {
    this.#lastId++;
    const id = `s${this.#lastId}`;
    const announced: AnnouncedSubscription = { id, pattern, agentType, durable };
    const uplink = this.#uplink;
    const claim = new Claim(
      (signal) => uplink.subscribe(announced, signal),
      // A durable one belongs to nobody: that this runtime lets go of it does not end it.
      (signal) => (durable === undefined ? uplink.unsubscribe(id, signal) : Promise.resolve()),
    );
    const subscription = { announced, claim };
    this.#subscriptions.set(id, subscription);
    return subscription;
  }

  /** Lets go of a subscription; `end` is for one that is to end for everybody. */
  async #end({ announced, claim }: Subscription, signal: AbortSignal, end?: Ask): Promise<void> {
    await claim.drop(signal, end);
    this.#subscriptions.delete(announced.id);
  }

  #remove(registration: Registration): void {
    registration.resting.close();
    const { type } = registration.program;
    if (this.#types.get(type) === registration) this.#types.delete(type);
  }
}

function confirmed<Entry extends { readonly claim: Claim }>(
  entries: ReadonlyMap<string, Entry>,
): Entry[] {
  return [...entries.values()].filter(({ claim }) => claim.isConfirmed);
}

function withoutUpdate(announced: AnnouncedSubscription): AnnouncedSubscription {
  const { durable } = announced;
  return durable?.update === true
    ? { ...announced, durable: { ...durable, update: false } }
    : announced;
}

function checkPattern(pattern: TopicPattern): void {
  const type = "type" in pattern ? pattern.type : pattern.typePrefix;
  const everything = "typePrefix" in pattern && type === "";
  if (everything || isTopicType(type)) return;
  throw invalid(
    `topic type ${quote(type)} is not 1–256 word characters, dots, colons, equals signs and hyphens`,
  );
}
