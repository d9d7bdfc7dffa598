/**
 * A runtime as its users see it: local or on a mesh, it is the same.
 *
 * Phases: `open` → `draining` (nothing new from outside of turns) → `closing` → `closed`. `close` goes to `closing` from
 * anywhere; so does a mesh that is gone for good.
 */
import { DEFAULTS, type Failure, invalid, MeshError } from "@agentmesh/proto";
import type { AgentContext } from "../agent/context.ts";
import type { AgentDefinition, TopicPattern } from "../agent/definition.ts";
import type { AgentProgram } from "./agent-program.ts";
import { CLOSED, type RuntimeCore } from "./core.ts";
import { Grace } from "./grace.ts";
import { interceptedProgram } from "./interception/intercepted-program.ts";
import { InterceptedSpeaker } from "./interception/intercepted-speaker.ts";
import { Interception } from "./interception/interception.ts";
import type { Interceptor } from "./interception/interceptor.ts";
import { Messaging } from "./messaging.ts";
import { Outside } from "./outside.ts";
import type { WaitOptions } from "./patience.ts";
import type { SubscribeOptions } from "./registrations.ts";
import type { SavedState } from "./saved-state.ts";
import { type StateScope, States } from "./states.ts";
import type { RuntimeStatus } from "./status.ts";
import type { RuntimeCounters } from "./workplace.ts";

/** How a runtime drains. */
export interface DrainOptions {
  /** Milliseconds for what is in flight; what is not finished then is given up. Default: 10 000. */
  readonly graceMs?: number | undefined;
  /** Ends that time at once. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

type Phase =
  | { readonly kind: "open" }
  | { readonly kind: "draining"; readonly over: Promise<void> }
  | { readonly kind: "closing"; readonly over: Promise<void> };

/** Milliseconds that `onDeactivate` hooks get when the runtime closes. */
const HOOKS_GRACE_MS = 5_000;

/**
 * Runs agents and reaches others. `send`, `stream` and `publish` work from outside of any agent.
 *
 * `await using runtime = …` closes it at the end of the block.
 */
export class AgentRuntime extends Messaging implements AsyncDisposable {
  readonly #core: RuntimeCore;
  readonly #outside: Outside;
  readonly #states: States;
  #phase: Phase = { kind: "open" };
  /** Undefined until there is an interceptor: messages take a longer way only from then on. */
  #interception: Interception | undefined;

  /** Made by `createLocalRuntime` and `connectWorker`. */
  constructor(core: RuntimeCore) {
    const outside = new Outside(core.calls, core.publisher);
    super(outside);
    this.#core = core;
    this.#outside = outside;
    this.#states = new States(core, outside);
    core.onClosed = (reason) => {
      void this.#leave(reason, new MeshError(reason));
    };
  }

  /**
   * Lets interceptors see, change and drop the messages of this runtime from now on: those that it sends and publishes,
   * inside and outside of agents, and those that its agents receive and reply. They come behind those of earlier calls.
   */
  use(...interceptors: readonly Interceptor[]): void {
    this.#interception ??= this.#intercept();
    for (const interceptor of interceptors) this.#interception.add(interceptor);
  }

  /** The status as a stream: first the current one, then every change; it ends after `closed`. */
  get status(): AsyncIterable<RuntimeStatus> {
    return this.#core.statusFeed;
  }

  /** The status at this moment. */
  get currentStatus(): RuntimeStatus {
    return this.#core.statusFeed.current;
  }

  /**
   * Resolves when the runtime has ended: to undefined when it was told to, by `drain` or `close`; else to why, because a
   * host that does not take a worker any more ends it for good. Never rejects. A program that runs agents throws what it
   * gets here: otherwise it ends as if all were well.
   */
  get closed(): Promise<MeshError | undefined> {
    return this.#core.statusFeed.closed;
  }

  /** What the runtime has counted since it was made. */
  get counters(): Readonly<RuntimeCounters> {
    return this.#core.workplace.counters;
  }

  /** Agents that are active in this process. */
  get activeAgents(): number {
    return this.#core.activations.size;
  }

  /**
   * Puts an agent type to work, with the subscriptions that it declares. Resolves when the mesh knows it.
   * @throws MeshError `AGENT_TYPE_TAKEN` when this runtime has registered the type; any refusal of the host;
   * `DEADLINE_EXCEEDED` or `CANCELLED` when the host did not answer in time; `CLOSED`. A registration that failed is taken
   * back and may be tried again.
   */
  async register<Definition extends AgentDefinition<unknown>>(
    definition: Definition,
    options: WaitOptions = {},
  ): Promise<void> {
    this.#checkOpen();
    const program: AgentProgram<AgentContext<unknown>> = definition;
    await this.#core.registrations.register(program, options);
  }

  /**
   * Takes an agent type from work. Its agents finish what they have and move elsewhere.
   * @throws MeshError `NOT_FOUND` when it is not registered here; `DEADLINE_EXCEEDED` or `CANCELLED` when the host did not
   * answer in time: then it may have left or not, and may be told to once more; `CLOSED`.
   */
  async unregister(type: string, options: WaitOptions = {}): Promise<void> {
    this.#checkOpen();
    await this.#core.registrations.unregister(type, options);
  }

  /**
   * Subscribes the agents of a type to topics: an event goes to the agent whose key is the topic's source. The
   * subscription lasts as long as this runtime; a durable one until somebody ends it. The agents may run elsewhere.
   * @returns the id to unsubscribe with.
   * @throws MeshError `INVALID_ARGUMENT`, `CLOSED`, or why the host refused; `DEADLINE_EXCEEDED` or `CANCELLED` when it did
   * not answer in time: then the subscription is taken back, but a durable one may be there, and may be subscribed to
   * once more.
   */
  async subscribe(
    pattern: TopicPattern,
    agentType: string,
    options: SubscribeOptions = {},
  ): Promise<string> {
    this.#checkOpen();
    return this.#core.registrations.subscribe(pattern, agentType, options);
  }

  /**
   * Ends a subscription; a durable one for everybody, with all that waits for it.
   * @throws MeshError `SUBSCRIPTION_UNKNOWN` when it is none of this runtime; `DEADLINE_EXCEEDED` or `CANCELLED` when the host did not answer in time: then
   * it may have ended or not, and may be ended once more; `CLOSED`.
   */
  async unsubscribe(id: string, options: WaitOptions = {}): Promise<void> {
    this.#checkOpen();
    await this.#core.registrations.unsubscribe(id, options);
  }

  /**
   * Saves the states of the agents that are active in this process, each between two turns: never half of what a turn
   * does. Messages that wait or are on their way are not in it; let the runtime become quiet for a picture of all agents
   * at one moment. Agents whose type keeps no state are left out. Not from within a turn of an agent that is saved: it
   * would wait for its own end.
   * @throws MeshError `NOT_FOUND` when `scope.agent` is not active here, `AGENT_TYPE_UNKNOWN` when its type is not
   * registered here; `PAYLOAD_INVALID` when a state is not plain JSON; `DEADLINE_EXCEEDED`, `CANCELLED`, `CLOSED`.
   */
  async saveState(scope: StateScope = {}): Promise<SavedState> {
    this.#checkOpen();
    return this.#states.save(scope);
  }

  /**
   * Gives agents the states that `saveState` saved, in this or in another process. Their types must be registered
   * before. All of it is checked before the first agent notices. An agent that is active here gets its state between two
   * turns; another one is activated and begins with it, so that none of its turns sees another state. With
   * `scope.agent` the one state in `saved` goes to that agent, which may have another key.
   * @throws MeshError `INVALID_ARGUMENT` when `saved` is something else or of another agent type, `VERSION_UNSUPPORTED`
   * when it or a state in it has another version, `PAYLOAD_INVALID` when a state does not fit its schema,
   * `AGENT_TYPE_UNKNOWN` when a type is not registered here; then nothing is loaded. `NOT_FOUND` when agents live at
   * other workers, and `DEADLINE_EXCEEDED`, `CANCELLED` or `CLOSED`; then some may have been loaded.
   */
  async loadState(saved: SavedState, scope: StateScope = {}): Promise<void> {
    this.#checkOpen();
    await this.#states.load(saved, scope);
  }

  /**
   * Leaves in peace: takes nothing new, lets the agents finish and move elsewhere, waits for the answers to what was
   * sent and published before, and closes. A host that is away gets the time of its lease to come back: after that
   * nobody waits for what the agents here do. Idempotent.
   * @throws MeshError `INVALID_ARGUMENT` when `graceMs` is negative.
   */
  async drain(options: DrainOptions = {}): Promise<void> {
    const { graceMs = DEFAULTS.drainGraceMs, signal } = options;
    if (!(graceMs >= 0)) throw invalid(`graceMs must be 0 or more, not ${graceMs}`);
    if (this.#phase.kind !== "open") return this.#phase.over;
    this.#outside.obstacle = DRAINING;
    this.#core.status({ kind: "draining" });
    const over = this.#drain(new Grace(this.#core.workplace.clock, graceMs, signal));
    this.#phase = { kind: "draining", over };
    return over;
  }

  /**
   * Leaves at once: turns that run are told to stop and their results are dropped, what waits is given back, and calls
   * that are open fail with `CLOSED`. Agents that have nothing to do run their `onDeactivate`. Idempotent.
   */
  close(): Promise<void> {
    return this.#leave(CLOSED, undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #intercept(): Interception {
    const { workplace, registrations } = this.#core;
    const interception = new Interception(
      workplace.clock,
      () => workplace.counters.droppedMessages++,
    );
    this.speakThrough((speaker) => new InterceptedSpeaker(speaker, undefined, interception));
    registrations.wrap((program) => interceptedProgram(program, interception));
    return interception;
  }

  async #drain(grace: Grace): Promise<void> {
    const { uplink } = this.#core;
    // A host that refuses or is gone has nothing to move: what is here still gets its time.
    const moved = uplink.drain().catch(() => undefined);
    const cutOff = this.#core.cutOff();
    await Promise.race([moved, cutOff, grace.over]);
    await Promise.race([this.#core.quiet(), cutOff, grace.over]);
    grace.end();
    await this.close();
  }

  #leave(reason: Failure, told: MeshError | undefined): Promise<void> {
    if (this.#phase.kind === "closing") return this.#phase.over;
    this.#outside.obstacle = reason;
    // It begins in a turn of its own: what it tells to stop may call `close` in answer.
    const over = Promise.resolve().then(() => this.#close(reason, told));
    this.#phase = { kind: "closing", over };
    return over;
  }

  async #close(reason: Failure, told: MeshError | undefined): Promise<void> {
    const grace = new Grace(this.#core.workplace.clock, HOOKS_GRACE_MS);
    await Promise.race([this.#core.close(reason), grace.over]);
    grace.end();
    await this.#core.uplink.close();
    this.#core.status({ kind: "closed", reason: told });
  }

  #checkOpen(): void {
    if (this.#outside.obstacle !== undefined) throw new MeshError(this.#outside.obstacle);
  }
}

const DRAINING: Failure = { ...CLOSED, text: "the runtime is draining" };
