/**
 * The presence of one agent in this process: its state, its mailbox and the turns that run.
 *
 * Phases: `new` → `creating` (its state is being made) → `active` → `gone`. Deliveries wait in the first two. While an
 * agent rests it is not here: who wakes is `active` at once.
 *
 * A1. At most `concurrency` turns of the mailbox run at a time, in the order of arrival.
 * A2. A delivery enters a running turn only when that turn has an open send from which the delivery descends. Those
 *     that enter the same turn run one at a time, and that turn keeps its place until they are over.
 * A3. In phase `gone` no turn starts, and nothing is told in the name of the activation.
 * A4. A visitor comes in while no turn of the mailbox runs; the next one starts after it.
 */
import { type AgentId, deadline, type Failure, failure, handlerFailure } from "@agentmesh/proto";
import type { AgentProgram } from "./agent-program.ts";
import { Lane } from "./lane.ts";
import type { Idler, Resting } from "./resting.ts";
import { isThenable } from "./thenable.ts";
import type { Turn, TurnHome } from "./turn.ts";
import type { Workplace } from "./workplace.ts";

/** What activations need from who keeps them. */
export interface ActivationKeeper {
  readonly workplace: Workplace;
  /** The agent could not be created: what waits for it is refused with `reason`, and it goes. */
  creationFailed(activation: Activation, reason: Failure): void;
  /** A turn did not end in time: the agent goes. */
  abandoned(activation: Activation, overdue: Turn): void;
  /** A turn of a durable lane has failed: what waits behind it is given back. */
  failedInLane(activation: Activation, durableLane: number): void;
  /** It rests: the activation is not needed any more. */
  rests(activation: Activation): void;
  /** Takes the state with which a new agent is to begin; undefined when it makes its own. */
  takeLoaded(id: AgentId): Loaded | undefined;
}

/** A state that was loaded before its agent was there. */
export interface Loaded {
  readonly state: unknown;
}

/** Somebody who looks at an agent between two turns. */
export interface Visitor {
  /** No turn runs. Called once, and must not throw. */
  enter(activation: Activation): void;
  /** The agent went before anybody could enter. */
  missed(): void;
}

/** An agent type at work here. */
export interface Employment {
  readonly program: AgentProgram;
  readonly resting: Resting;
}

/** It is its own mailbox: a lane that no turn owns. */
export class Activation extends Lane implements TurnHome, Idler {
  readonly number: number;
  readonly id: AgentId;
  state: unknown = undefined;
  idleSince = 0;
  isListed = false;
  readonly #keeper: ActivationKeeper;
  readonly #employment: Employment;
  #phase: "new" | "creating" | "active" | "gone" = "new";
  /** Who waits to enter; undefined when nobody does. */
  #visitors: Set<Visitor> | undefined = undefined;

  constructor(keeper: ActivationKeeper, employment: Employment, number: number, id: AgentId) {
    super(undefined);
    this.#keeper = keeper;
    this.#employment = employment;
    this.number = number;
    this.id = id;
  }

  get key(): string {
    return this.id.key;
  }

  get program(): AgentProgram {
    return this.#employment.program;
  }

  /** Whether nobody has begun to make it. */
  get isNew(): boolean {
    return this.#phase === "new";
  }

  get isGone(): boolean {
    return this.#phase === "gone";
  }

  /** Whether it is there and has nothing to do. */
  get isResting(): boolean {
    return this.#phase === "active" && this.isIdle;
  }

  /** Whether nobody would miss it while it rests. */
  get canRest(): boolean {
    return this.isResting && this.#visitors === undefined;
  }

  /** Whether somebody waits to enter. */
  get isVisited(): boolean {
    return this.#visitors !== undefined;
  }

  /** Makes the state, once `earlier` is over: the last act of an earlier presence of the same agent. */
  create(earlier: Promise<void> | undefined): void {
    this.#phase = "creating";
    if (earlier === undefined) this.#make();
    else void earlier.then(() => this.#make());
  }

  /** Has been at rest, with this state. */
  wake(state: unknown): void {
    this.state = state;
    this.#phase = "active";
  }

  lieDown(): void {
    this.#keeper.rests(this);
  }

  /** Takes a delivery. `reenters` is the number of the send that it descends from; 0 when it does not re-enter. */
  accept(turn: Turn, reenters: number, now: number): void {
    const lane = reenters === 0 ? this : this.#laneInto(reenters);
    turn.lane = lane;
    lane.push(turn);
    this.#startAll(lane, now);
  }

  /** Lets somebody in as soon as no turn runs. */
  admit(visitor: Visitor): void {
    if (this.#phase === "gone") {
      visitor.missed();
      return;
    }
    this.#visitors ??= new Set();
    this.#visitors.add(visitor);
    this.proceed(this);
  }

  /** Somebody does not want to enter any more. */
  turnAway(visitor: Visitor): void {
    if (this.#visitors?.delete(visitor) !== true) return;
    if (this.#visitors.size === 0) this.#visitors = undefined;
    this.proceed(this);
  }

  /** Starts what may start. */
  proceed(lane: Lane): void {
    this.#startAll(lane, this.#keeper.workplace.clock.now());
  }

  turnOver(turn: Turn): void {
    if (turn.inner?.isIdle ?? true) this.#leavePlace(turn);
  }

  abandoned(overdue: Turn): void {
    this.#keeper.abandoned(this, overdue);
  }

  failedInLane(durableLane: number): void {
    this.#keeper.failedInLane(this, durableLane);
  }

  /** Ends it. What becomes of its turns is up to who calls. */
  leave(): void {
    this.#phase = "gone";
    const visitors = this.#visitors ?? [];
    this.#visitors = undefined;
    for (const visitor of visitors) visitor.missed();
  }

  #startAll(lane: Lane, now: number): void {
    if (this.#phase !== "active") return;
    if (!this.#keeper.workplace.isPaused) this.#startWaiting(lane, now);
    // What waited may be over, also during a pause: its place is given up all the same.
    if (lane.isIdle) this.#emptied(lane);
  }

  #startWaiting(lane: Lane, now: number): void {
    const { clock, uplink } = this.#keeper.workplace;
    const places = lane.owner === undefined ? this.program.concurrency : 1;
    let startsAt = now;
    while (lane.running < places) {
      if (startsAt > uplink.contactUntil) return;
      if (!this.#isFree(lane)) break;
      const turn = lane.shift();
      if (turn === undefined) break;
      lane.running++;
      if (turn.start(startsAt)) lane.running--;
      // A handler may have held the process for long: what comes behind it must not start by the time of before.
      if (lane.peek() !== undefined) startsAt = clock.now();
    }
  }

  /** Lets visitors in when they wait. @returns false while they cannot come in yet. */
  #isFree(lane: Lane): boolean {
    if (this.#visitors === undefined || lane !== this) return true;
    if (this.running > 0) return false;
    const visitors = this.#visitors;
    this.#visitors = undefined;
    for (const visitor of visitors) visitor.enter(this);
    return true;
  }

  #make(): void {
    if (this.#phase !== "creating") return;
    const loaded = this.#keeper.takeLoaded(this.id);
    if (loaded !== undefined) {
      this.#ready(loaded.state);
      return;
    }
    try {
      const made = this.program.createState(this.id);
      if (isThenable(made)) this.#await(made);
      else this.#ready(made);
    } catch (thrown) {
      this.#failed(thrown);
    }
  }

  #await(made: PromiseLike<unknown>): void {
    const { workplace } = this.#keeper;
    const { maxTurnMs } = this.program;
    const limit = deadline(() => this.#failed(new Error("its state was not made in time")));
    workplace.deadlines.arm(limit, maxTurnMs === 0 ? workplace.maxTurnMs : maxTurnMs);
    void Promise.resolve(made).then(
      (state) => {
        workplace.deadlines.disarm(limit);
        this.#ready(state);
      },
      (thrown) => {
        workplace.deadlines.disarm(limit);
        this.#failed(thrown);
      },
    );
  }

  #ready(state: unknown): void {
    if (this.#phase !== "creating") return;
    this.state = state;
    this.#phase = "active";
    this.proceed(this);
  }

  #failed(thrown: unknown): void {
    if (this.#phase !== "creating") return;
    const { text, stack } = handlerFailure(thrown);
    const reason = failure("ACTIVATION_FAILED", `${this.id.text}: ${text}`, { stack });
    this.#keeper.creationFailed(this, reason);
  }

  /** The lane into the turn that made this send, while both are open; the mailbox otherwise. */
  #laneInto(reenters: number): Lane {
    const { calls, turns } = this.#keeper.workplace;
    const waiting = turns.get(calls.parentOf(reenters));
    if (waiting?.home !== this || waiting.phase !== "running") return this;
    waiting.inner ??= new Lane(waiting);
    return waiting.inner;
  }

  #leavePlace(turn: Turn): void {
    if (this.#phase === "gone" || turn.lane === undefined) return;
    turn.lane.running--;
    if (turn.lane.isIdle && this.#visitors === undefined) this.#emptied(turn.lane);
    else this.proceed(turn.lane);
  }

  #emptied(lane: Lane): void {
    const { owner } = lane;
    if (owner?.phase === "ended") this.#leavePlace(owner);
    else if (owner === undefined) this.#employment.resting.add(this);
  }
}
